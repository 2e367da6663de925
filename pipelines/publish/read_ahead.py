"""One thread fetches what the next step needs while this one works: DuckDB and LMDB leave the interpreter alone most of the time."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
_AHEAD = 2


def read_ahead(items: Iterable[Item]) -> Generator[Item]:
    """The same items in the same order, fetched by a thread that is at most `_AHEAD` ahead; an error comes where its item would have.

    When the reader stops early, the thread ends at its next item and `items` is closed.
    """
    ready: Queue[tuple[Item | None, BaseException | None, bool]] = Queue(_AHEAD)
    unwanted = Event()
    thread = Thread(target=_fetch, args=(items, ready, unwanted), name="read-ahead", daemon=True)
    thread.start()
    try:
        while True:
            item, error, more = ready.get()
            if error is not None:
                raise error
            if not more:
                return
            yield item  # type: ignore[misc]
    finally:
        unwanted.set()
        while thread.is_alive():  # it may stand before a full queue
            while not ready.empty():
                ready.get_nowait()
            thread.join(0.01)


def _fetch(items: Iterable[Item], ready: Queue[tuple[Item | None, BaseException | None, bool]], unwanted: Event) -> None:
    iterator = iter(items)
    try:
        for item in iterator:
            ready.put((item, None, True))
            if unwanted.is_set():
                break
        ready.put((None, None, False))
    except BaseException as error:
        ready.put((None, error, False))
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()
