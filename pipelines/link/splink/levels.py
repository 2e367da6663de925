"""Which kind of ours a comparison of Splink is, and which of its levels are ours."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.link.splink.read import SplinkComparison, SplinkLevel
from pipelines.link.suggest.guess import ADDRESS, BIRTH, FAMILY, GIVEN, NUMBER_OF_SOMEBODY, PERSON, PHONE, POSTCODE
from pipelines.match.kinds import levels_of
from schemas.table_model import Comparison, Kind, TableField


@dataclass(frozen=True)
class Like:
    """A condition of Splink that means a level of ours; its threshold `at` lies between `low` and `high`."""

    pattern: str
    low: float = 0
    high: float = 0

    def fits(self, condition: str) -> bool:
        found = re.fullmatch(self.pattern, condition)
        return found is not None and ("at" not in found.groupdict() or self.low <= float(found["at"]) <= self.high)


_EXACT = Like(r"l0 = r0")
_AT = r"(?P<at>\d+(\.\d+)?)"
_JARO_WINKLER = rf"(jaro_winkler_similarity|jaro_winkler)\(l0, r0\) >= {_AT}"
_KM = rf".*radians.* <= {_AT}"
_PERCENT = rf"\(?abs\(l0 - r0\) / .*< {_AT}"
LIKE: tuple[tuple[Kind, dict[str, Like]], ...] = (
    ("category", {"exact": _EXACT}),
    ("code", {"exact": _EXACT, "slip": Like(rf"(damerau_)?levenshtein\(l0, r0\) <= {_AT}", 1, 1)}),
    ("text", {"exact": _EXACT, "similar": Like(_JARO_WINKLER, 0.85, 0.92)}),
    ("family_name", {"exact": _EXACT, "similar": Like(_JARO_WINKLER, 0.89, 0.96), "alike": Like(_JARO_WINKLER, 0.78, 0.87)}),
    ("email", {"exact": _EXACT, "same_mailbox": Like(r".*\[\^@\]\+.* = .*"), "slip": Like(_JARO_WINKLER, 0.93, 0.98)}),
    ("number", {"exact": _EXACT, "within_1_percent": Like(_PERCENT, 0.005, 0.02), "within_10_percent": Like(_PERCENT, 0.05, 0.15)}),
    ("lat_lon", {"within_100_m": Like(_KM, 0.1, 0.1), "within_1_km": Like(_KM, 1, 1), "within_10_km": Like(_KM, 10, 10)}),
    ("list", {"in_common": Like(rf".*list_intersect\(l0, r0\).* >= {_AT}", 1, 1)}),
)
# what stands in the conditions of a comparison, else what its column says
_SIGNS: tuple[tuple[str, Kind], ...] = (
    (r"list_intersect|array_intersect|list_has", "list"),
    (r"strptime|epoch|date_?diff|to_date|datediff", "date"),
    (r"\[\^@\]\+", "email"),
    (r"\[a-za-z\]\{1,2\}\[0-9\]", "postcode"),
    (r"radians", "lat_lon"),
    (r"abs\(l0 - r0\)", "number"),
)
_HEADERS: tuple[tuple[str, Kind], ...] = (
    (BIRTH, "date"), (r"mail|邮箱", "email"), (POSTCODE, "postcode"), (PERSON, "full_name"), (GIVEN, "given_name"), (FAMILY, "family_name"),
    (f"{PHONE}|{NUMBER_OF_SOMEBODY}", "code"), (ADDRESS, "address"),
)  # fmt: skip


def kind_of(of: SplinkComparison) -> tuple[Kind, dict[str, SplinkLevel] | None]:
    """The kind, and where all levels are levels of that kind and the other way round, which is which."""
    for kind, _ in LIKE:
        found = matched(of, kind)
        if found is not None:
            return kind, found
    return _kind_by_signs(of), None


def kind_by_header(column: str) -> Kind:
    """The kind that a column's name suggests."""
    says = " ".join(re.sub(r"[\W_]+", " ", column).lower().split())
    return next((kind for header, kind in _HEADERS if re.search(header, says)), "text")


def matched(of: SplinkComparison, kind: Kind) -> dict[str, SplinkLevel] | None:
    """By the levels of `kind`, those of the comparison; none where one is left over on either side."""
    like = dict(LIKE)[kind]
    found: dict[str, SplinkLevel] = {}
    for level in of.levels:
        name = "different" if level.condition == "else" else next((n for n, x in like.items() if x.fits(level.condition)), None)
        if name is None or name in found:
            return None
        found[name] = level
    columns = of.columns if kind == "lat_lon" else of.columns[:1]
    if len(columns) != (2 if kind == "lat_lon" else 1) or len(of.columns) != len(columns):
        return None
    ours = [level.name for level in levels_of(Comparison(of="x"), TableField(column=columns, kind=kind))]
    return found if set(ours) == set(found) else None


def _kind_by_signs(of: SplinkComparison) -> Kind:
    told = " ".join(level.condition for level in of.levels)
    kind = next((kind for sign, kind in _SIGNS if re.search(sign, told)), None)
    return kind_by_header(of.columns[0]) if kind is None or (kind == "lat_lon" and len(of.columns) != 2) else kind
