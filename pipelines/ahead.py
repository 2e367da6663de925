"""Make the next piece while the present one is used: the making side works on its own thread, one piece ahead. DuckDB, Arrow and LMDB
leave the interpreter alone most of the time."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterable
from queue import Full, Queue
from typing import TypeVar

Piece = TypeVar("Piece")


class _End:
    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def ahead(pieces: Iterable[Piece]) -> Generator[Piece, None, None]:
    """Yield `pieces`, made one ahead on a thread. Errors of the making side come out here; closing stops it and closes `pieces`."""
    queue: Queue[Piece | _End] = Queue(maxsize=1)
    stop = threading.Event()

    def put(piece: Piece | _End) -> bool:
        while not stop.is_set():
            try:
                queue.put(piece, timeout=0.1)
                return True
            except Full:
                continue
        return False

    def make() -> None:
        iterator = iter(pieces)
        try:
            for piece in iterator:
                if not put(piece):
                    return
            put(_End())
        except BaseException as error:
            put(_End(error))
        finally:
            if isinstance(iterator, Generator):
                iterator.close()

    thread = threading.Thread(target=make, name="ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(piece := queue.get(), _End):
            yield piece
        if piece.error is not None:
            raise piece.error
    finally:
        stop.set()
        thread.join()
