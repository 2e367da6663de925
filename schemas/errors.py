"""The one error family of the hub: what, where, why, what to do. Never a personal value in any part."""

from __future__ import annotations


class HubError(Exception):
    """An error a person can act on.

    `exit_code` 1: the input or the state of this installation; 2: the way the command was called or configured.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, why: str | None = None, mend: str | None = None) -> None:
        self.what, self.where, self.why, self.mend = what, where, why, mend
        super().__init__(str(self))

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.why:
            text += f": {self.why}"
        if self.mend:
            text += f". {self.mend}"
        return text


class UsageError(HubError):
    """The command, a setting or a mapping is wrong; nothing was done."""

    exit_code = 2


class MappingError(UsageError):
    """A source mapping file is wrong; `where` is `file:line`."""


class FileUnreadable(HubError):
    """A landing file cannot be read as a whole; `reason` is a code of `schemas/reasons.yaml`."""

    def __init__(self, reason: str, what: str, **parts: str | None) -> None:
        self.reason = reason
        super().__init__(what, **parts)


class FileIncomplete(HubError):
    """A landing file is still being written or was cut off; it is left alone."""


class HomeBusy(HubError):
    """Another run holds the home; says who and since when."""


class HomeDamaged(HubError):
    """The home holds something this release cannot read."""


class ServingUnavailable(HubError):
    """The serving index is absent, damaged or of another schema."""


class LedgerUnavailable(HubError):
    """The ledger cannot be read or written: locked, full, without rights, or its server does not answer."""
