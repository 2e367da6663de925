"""A process that has Great Expectations loaded, begun with a run: loading it takes four seconds, which a core that has nothing to do pays.

Not a thread: the import system shows half-loaded modules to others, and DuckDB looks into pandas wherever it finds it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from schemas.errors import HubError
from schemas.settings import PROJECT


class Judge:
    """`with Judge() as judge: judge(name, facts)`, as `quality.judge.judge` in a process of its own."""

    def __enter__(self) -> Judge:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "quality.judge"], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()  # it holds nothing
        self._process.communicate()

    def __call__(self, name: str, facts: Mapping[str, int]) -> dict[str, bool]:
        """Whether each of `facts` is nought.

        Raises:
            HubError: the suite could not be carried out.
        """
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None and answers is not None, "both are pipes"
        try:
            print(json.dumps({"name": name, "facts": dict(facts)}), file=asked, flush=True)
            line = answers.readline()
        except BrokenPipeError:
            line = ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process that judges ended"}
        if "error" in answer:
            raise HubError("the checks could not be carried out", where=name, why=answer["error"][:300], mend="Run again")
        return dict(answer["passed"])
