"""Groups of records that are held together, and which of them are kept apart: constraints that never contradict each other."""

from __future__ import annotations


class Groups:
    """Grows by `join` and `part`, each of which answers False and does nothing where it would contradict what there is. A group is named by
    its least record."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}
        self._foes: dict[str, set[str]] = {}  # of the root of a group, records of groups it is kept apart from

    def group(self, record: str) -> str:
        """The group of a record, its own at least."""
        parent = self._parent
        parent.setdefault(record, record)
        while parent[record] != record:
            parent[record] = record = parent[parent[record]]
        return record

    def join(self, one: str, two: str) -> bool:
        """Hold two records together, unless they are kept apart."""
        a, b = sorted((self.group(one), self.group(two)))
        if self.are_apart(a, b):
            return False
        if a != b:
            self._parent[b] = a
            if foes := self._foes.pop(b, None):
                self._foes.setdefault(a, set()).update(foes)
        return True

    def part(self, one: str, two: str) -> bool:
        """Keep two records apart, unless they are held together."""
        a, b = self.group(one), self.group(two)
        if a == b:
            return False
        self._foes.setdefault(a, set()).add(b)
        self._foes.setdefault(b, set()).add(a)
        return True

    def are_apart(self, one: str, two: str) -> bool:
        """Whether two records are kept apart."""
        b = self.group(two)
        return any(self.group(foe) == b for foe in self._foes.get(self.group(one), ()))

    def names(self) -> dict[str, str]:
        """The group of every record that was named."""
        return {record: self.group(record) for record in list(self._parent)}

    def apart(self) -> frozenset[tuple[str, str]]:
        """Pairs of groups kept apart, both ways round."""
        return frozenset((group, self.group(foe)) for group, of in self._foes.items() for foe in of)
