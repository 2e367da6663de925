"""What each level of each comparison means, as SQL over a pair of rows of `compared` (pipelines/match/score.py), the columns of one
named `l_…`, of the other `r_…`, and the AGREEMENTS worked out between them.

A comparison is silent (no level) when one side knows nothing. Levels are tried in the order of the model file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.match.nodes import mask_agrees


def _number(value: str) -> str:
    return f"CASE WHEN {value} IS NOT NULL THEN hash({value}) END"


# column of `compared` -> SQL over match.nodes; what is only tested for being the same is compared as a number, which takes less memory
FEATURES = {
    **{name: name for name in ("party_kind", "name_norm", "surname", "name_pinyin", "name_is_masked", "former_name_norm", "gender")},
    "born": "replace(birth_on::VARCHAR, '-', '')::INTEGER",  # 19800203
    "phone_norm": "phone_norm", "phone_is_masked": "phone_kind = 'masked'", "phone_is_mobile": "phone_kind = 'mobile'",
    "province": _number("province"), "city": _number("city"), "district": "CASE WHEN district IS NOT NULL THEN hash(city, district) END",
    "address_norm": "address_norm", "has_address_key": "address_key IS NOT NULL",
    "door": "CASE WHEN position('-' IN address_key) > 0 THEN hash(address_key) END",
}  # fmt: skip

# worked out once a pair, for pairs with a mask only (pipelines/match/score.py)
AGREEMENTS = {
    "names_agree": f"CASE WHEN l_name_is_masked OR r_name_is_masked THEN {mask_agrees('l_name_norm', 'r_name_norm')} END",
    "phones_agree": "CASE WHEN l_phone_is_masked OR r_phone_is_masked "
    f"THEN {mask_agrees('l_phone_norm', 'r_phone_norm')} END",
}
_CLEAR_NAMES = "NOT l_name_is_masked AND NOT r_name_is_masked"
_VISIBLE = "least(length(replace(l_name_norm, '*', '')), length(replace(r_name_norm, '*', '')))"
_VISIBLE_DIGITS = "least(length(replace(l_phone_norm, '*', '')), length(replace(r_phone_norm, '*', '')))"
_NAMES = "l_name_norm IS NOT NULL AND r_name_norm IS NOT NULL"
_MISMATCHES = " + ".join(f"(substr(l_name_norm, {i}, 1) <> substr(r_name_norm, {i}, 1))::INT" for i in range(1, 5))
_BARE = [f"regexp_replace({side}_name_norm, '(?:股份|集团|有限|责任|公司)', '', 'g')" for side in "lr"]
_CONTAINED = (
    f"CASE WHEN l_party_kind = 'organisation' THEN least(length({_BARE[0]}), length({_BARE[1]})) >= 4 "
    f"AND (contains({_BARE[0]}, {_BARE[1]}) OR contains({_BARE[1]}, {_BARE[0]})) END"
)
_SIMILAR = "jaro_winkler_similarity(l_address_norm, r_address_norm) >= 0.93"

@dataclass(frozen=True)
class Held:
    """Identifiers of a node that are compared by `_share`; `sole`: only those nobody of another name is known to use."""

    kinds: tuple[str, ...]
    sole: bool = False

    @property
    def condition(self) -> str:
        """SQL over `held` (pipelines/match/score.py)."""
        kinds = ", ".join(f"'{kind}'" for kind in self.kinds)
        return f"kind IN ({kinds})" + (" AND NOT is_used_by_several" if self.sole else "")


# column of `compared` -> which identifiers of a node it holds
SHARED_VALUES = {
    "phones": Held(("phone",)),
    "phones_sole": Held(("phone",), sole=True),
    "emails": Held(("email",)),
    "emails_sole": Held(("email",), sole=True),
    "accounts": Held(("account", "unionid", "openid", "wechat_id", "member", "customer")),
}
# kinds of documents, of persons and organisations, and the type that goes before a value that does not name its own
DOCUMENTS = {"id_number": "", "uscc": "uscc:"}
DOCUMENT_SQL = "CASE kind " + " ".join(f"WHEN '{kind}' THEN '{type}' || value" for kind, type in DOCUMENTS.items()) + " END"
COMPARED = (*FEATURES, *SHARED_VALUES, *(f"all_{name}" for name in SHARED_VALUES), "documents", "name_share")  # columns of `compared`


def _share(name: str) -> str:
    """SQL: the two have an identifier of the kind in common. The lists are looked into only where one side has several."""
    several = [f"coalesce({side}_all_{name}, [{side}_{name}])" for side in "lr"]
    return f"""CASE WHEN l_{name} = r_{name} THEN true WHEN l_all_{name} IS NOT NULL OR r_all_{name} IS NOT NULL
        THEN l_{name} IS NOT NULL AND r_{name} IS NOT NULL AND list_has_any({", ".join(several)}) ELSE false END"""


LEVELS: dict[str, dict[str, str]] = {
    "kind": {"different": "l_party_kind <> r_party_kind"},
    "document": {
        "same": "list_has_any(l_documents, r_documents)",
        # two numbers contradict only within one type
        "different": "list_has_any(list_transform(l_documents, lambda d: split_part(d, ':', 1)), "
        "list_transform(r_documents, lambda d: split_part(d, ':', 1)))",
    },
    "account": {"same": _share("accounts")},
    "name": {
        "exact": f"{_CLEAR_NAMES} AND (l_name_norm = r_name_norm OR l_former_name_norm = r_name_norm OR l_name_norm = r_former_name_norm)",
        "homophone": f"{_CLEAR_NAMES} AND l_name_pinyin = r_name_pinyin AND length(l_name_norm) = length(r_name_norm)",
        "masked_given": f"names_agree AND {_VISIBLE} >= 2",
        "masked_surname": "names_agree",
        # 明月科技有限公司, 杭州明月科技集团: what stands before the legal form of one is in the other's
        "part_of": f"l_party_kind = 'organisation' AND r_party_kind = 'organisation' AND {_CONTAINED}",
        # a letter in a Latin name, or a syllable in a name whose surname stands
        "masked_different": "NOT names_agree",
        "similar_char": f"{_CLEAR_NAMES} AND l_surname = r_surname AND length(l_name_norm) = length(r_name_norm) "
        "AND damerau_levenshtein(l_name_pinyin, r_name_pinyin) = 1 OR "
        f"{_CLEAR_NAMES} AND l_surname IS NULL AND r_surname IS NULL AND jaro_winkler_similarity(l_name_norm, r_name_norm) >= 0.94",
        "one_char": f"{_CLEAR_NAMES} AND l_party_kind = 'person' AND length(l_name_norm) = length(r_name_norm) "
        f"AND length(l_name_norm) BETWEEN 3 AND 4 AND {_MISMATCHES} = 1",
        "different": _NAMES,
    },
    "birth": {
        "exact": "l_born = r_born",
        "near": "(l_born // 10000 = r_born // 10000)::INT + (l_born // 100 % 100 = r_born // 100 % 100)::INT "
        "+ (l_born % 100 = r_born % 100)::INT = 2 "
        "OR l_born // 10000 = r_born // 10000 AND l_born // 100 % 100 = r_born % 100 AND l_born % 100 = r_born // 100 % 100",
        "different": "l_born IS NOT NULL AND r_born IS NOT NULL",
    },
    "gender": {"same": "l_gender = r_gender", "different": "l_gender <> r_gender"},
    "phone": {
        "sole": _share("phones_sole"),
        "exact": _share("phones"),
        # one slip leaves the first six or the last four digits alone
        "near": "l_phone_is_mobile AND r_phone_is_mobile "
        "AND (left(l_phone_norm, 6) = left(r_phone_norm, 6) OR right(l_phone_norm, 4) = right(r_phone_norm, 4)) "
        "AND damerau_levenshtein(l_phone_norm, r_phone_norm) = 1",
        "masked_7": "(l_phone_is_masked OR r_phone_is_masked) AND length(l_phone_norm) = length(r_phone_norm) "
        "AND left(l_phone_norm, 3) = left(r_phone_norm, 3) AND right(l_phone_norm, 4) = right(r_phone_norm, 4) "
        "AND position('*' IN left(l_phone_norm, 3) || right(l_phone_norm, 4)) = 0",
        # at least four digits to be seen in both, and none of them differs
        "masked_4": f"phones_agree AND {_VISIBLE_DIGITS} >= 4",
        "masked_different": "NOT phones_agree",
        "different": "l_phones IS NOT NULL AND r_phones IS NOT NULL",
    },
    "email": {
        "sole": _share("emails_sole"),
        "exact": _share("emails"),
        "different": "l_emails IS NOT NULL AND r_emails IS NOT NULL",
    },
    "place": {
        "same_door": "l_district = r_district AND l_door = r_door "
        "AND jaro_winkler_similarity(l_address_norm, r_address_norm) >= 0.8",
        "similar_address": f"l_district = r_district AND NOT (l_has_address_key AND r_has_address_key) AND {_SIMILAR}",
        "same_district": "l_district = r_district",
        "same_city": "l_city = r_city",
        "same_province": "l_province = r_province",
        "different": "l_province IS NOT NULL AND r_province IS NOT NULL",
    },
    "order": {"same": "same_order"},
}


def side_by_side(columns: Iterable[str]) -> str:
    """SQL: the columns of the joined rows `l` and `r` under the names that LEVELS and AGREEMENTS use."""
    return ", ".join(f"{side}.{column} AS {side}_{column}" for side in "lr" for column in columns)
