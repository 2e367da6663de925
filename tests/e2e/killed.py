"""`hub` with a kill -9 built in: `killed.py <stage> inside|after <arguments of hub>`.

`inside`: the stage has done its work and has not committed it. `after`: it has committed and nothing else has happened.
The hub itself knows nothing of this.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import assets.resources
import pipelines.publish.stage
from pipelines.publish import serving_build, version


def die(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(stage: str, when: str) -> None:
    if stage == "publish":
        # after the serving index has been switched, before the Parquet version is; or before the changes count as taken in
        module, name = (version, "make_current") if when == "inside" else (pipelines.publish.stage, "_record")
        assert callable(getattr(module, name)) and callable(serving_build.make_current)
        setattr(module, name, die)
        return
    carry_out = assets.resources.carry_out

    def deadly(con: Any, run: Any, name: str, work: Callable[..., Any]) -> Any:
        def work_and_die(*arguments: Any) -> Any:
            work(*arguments)
            die()

        report = carry_out(con, run, name, work_and_die if name == stage and when == "inside" else work)
        if name == stage:
            die()
        return report

    assets.resources.carry_out = deadly


if __name__ == "__main__":
    arm(sys.argv.pop(1), sys.argv.pop(1))
    from cli.main import main

    main()
