"""Kills (or breaks off) a publish at given calls and looks at what is left; run as a process of its own, so that it can fork cleanly:
the parent never opens DuckDB, whose threads a fork would lose.

`python -m tests.publish.kill TEMPLATE_HOME exit|raise|full POINT ...` where a point is `function:n` (the n-th call of a function of
`pipelines/publish` or `pipelines/files.py`). The template holds `warehouse.duckdb` with pending changes. Prints one JSON object a point.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from pipelines.publish.manifest import current_version, lineage
from pipelines.publish.serving_index import ServingIndex
from pipelines.warehouse import open_warehouse
from schemas.publishing import PUBLISHED
from tests.publish.world import dump, publish_into, read_parquet, serving_folder

KILLED = 9


class Broken(Exception):
    """Stands for anything that may go wrong."""


def main() -> None:
    template, how, points = Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    finished = template.with_name("finished")
    shutil.copytree(template, finished, symlinks=True)
    if _in_child(lambda: (_keep_content(template), _publish(finished, full=how == "full"), _keep_content(finished))) != 0:
        raise SystemExit("a publish without a kill failed")
    old, new = (json.loads((home / "content.json").read_text()) for home in (template, finished))
    for point in points:
        home = template.with_name("home")
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(template, home, symlinks=True)
        code = _in_child(lambda home=home, point=point: _publish_until(home, point, how))
        after = _in_child(lambda home=home: _check(home, how, old, new))
        print(json.dumps({"point": point, "killed": code == KILLED, "sound": after == 0}), flush=True)


def _in_child(work: Callable[[], object]) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except Broken:
            code = KILLED
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _publish(home: Path, *, full: bool) -> None:
    con = open_warehouse(home / "warehouse.duckdb", memory="500MB", threads=2)
    publish_into(home, con, full=full)
    con.close()


def _publish_until(home: Path, point: str, how: str) -> None:
    name, number = point.split(":")
    seen: Counter[str] = Counter()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not any(place in frame.f_code.co_filename for place in ("/pipelines/publish/", "/pipelines/files.py")):
            return
        seen[frame.f_code.co_name] += 1
        if frame.f_code.co_name == name and seen[name] == int(number):
            if how == "raise":
                raise Broken
            os._exit(KILLED)

    threading.setprofile(watch)  # the Parquet version is built on a thread of its own
    sys.setprofile(watch)
    _publish(home, full=how == "full")


def _check(home: Path, how: str, old: dict[str, str], new: dict[str, str]) -> None:
    """Readers have a whole version, the next publish completes to the same content, and nothing is left lying about."""
    left = _content(home)
    assert left["parquet"] in (old["parquet"], new["parquet"]), "half a version is current"
    assert left["serving"] in (old["serving"], new["serving"]), "half an index is served"
    if how == "raise":
        assert not [p for store in ("published", "serving") for p in (home / store).glob(".building-*")], "leftovers of a failed build"
    con = open_warehouse(home / "warehouse.duckdb", memory="500MB", threads=2)
    publish_into(home, con, full=how == "full")
    assert publish_into(home, con)["mode"] == "nothing", "something is pending for ever"
    con.close()
    assert _content(home) == new, "the next publish gives another content"
    current = current_version(home / "published")
    assert current is not None
    assert ServingIndex.open(home / "serving").meta["version"] == current.name, "the two stores disagree"
    assert (home / "published" / "current").resolve() == current.resolve(), "the symlink does not follow"
    folders = {p.name for p in (home / "published").iterdir() if p.is_dir() and not p.is_symlink()}
    assert folders == set(lineage(home / "published")), "folders nobody knows"
    assert not list((home / "serving").glob(".building-*"))


def _content(home: Path) -> dict[str, str]:
    current = current_version(home / "published")
    assert current is not None
    return {"parquet": repr([read_parquet(current, table) for table in PUBLISHED]), "serving": repr(dump(serving_folder(home)))}


def _keep_content(home: Path) -> None:
    (home / "content.json").write_text(json.dumps(_content(home)))


if __name__ == "__main__":
    main()
