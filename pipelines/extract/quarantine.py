"""What could not be taken in, kept as it was sent: `quarantine/<source>/<file_id>/`.

Rows go to `rows<ext>` (bytes as sent, line ends included; JSON lines of cells for XLSX and Parquet), files set aside
whole keep their name. Everything is written below `.incoming` first and moved at the very end, so a killed run leaves
nothing half-made and the next one makes the same files.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import HubError

_EXTENSION = {"csv": ".csv", "jsonl": ".jsonl", "parquet": ".jsonl", "xlsx": ".jsonl"}


class QuarantineFolder:
    """Files of one run, made in `.incoming` and shown by `publish`.

    Raises (from all methods):
        HubError: the disk is full or the folder cannot be written.
    """

    def __init__(self, root: Path) -> None:
        self.root, self.incoming = root, root / ".incoming"
        self._moves: list[tuple[Path, Path]] = []
        self._gone: list[Path] = []
        with _written(root):
            shutil.rmtree(self.incoming, ignore_errors=True)

    def keep_rows(self, source: str, file_id: str, file_format: str, rows: Iterable[bytes]) -> None:
        """Write the quarantined rows of a file."""
        made = self._make(source, file_id, f"rows{_EXTENSION[file_format]}")
        with _written(self.root), made.open("wb") as file:
            for row in rows:
                file.write(row)

    def keep_file(self, source: str, file_id: str, path: Path) -> None:
        """Copy a file set aside whole; a link would change with the landing file."""
        made = self._make(source, file_id, path.name)
        with _written(self.root):
            shutil.copyfile(path, made)

    def forget(self, source: str, file_id: str) -> None:
        """A file is read again under another mapping: what it left here goes with `publish`."""
        self._gone.append(self.root / source / file_id)

    def publish(self) -> None:
        """Show what was made. Called last before the transaction commits."""
        with _written(self.root):
            for folder in self._gone:
                shutil.rmtree(folder, ignore_errors=True)
            for made, target in self._moves:
                target.parent.mkdir(parents=True, exist_ok=True)
                made.replace(target)
            shutil.rmtree(self.incoming, ignore_errors=True)

    def _make(self, source: str, file_id: str, name: str) -> Path:
        made = self.incoming / source / file_id / name
        with _written(self.root):
            made.parent.mkdir(parents=True, exist_ok=True)
        self._moves.append((made, self.root / source / file_id / name))
        return made


@contextmanager
def _written(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise HubError(
            "the quarantine folder cannot be written", where=str(root), why=error.strerror,
            mend="Free space or correct its rights; nothing was loaded",
        ) from error  # fmt: skip
