"""What each level of each comparison means, as SQL over two rows `l` and `r` of `compared` (pipelines/match/score.py)
and the AGREEMENTS worked out between them.

A comparison is silent (no level) when one side knows nothing. Levels are tried in the order of the model file.
"""

from __future__ import annotations

from pipelines.match.nodes import mask_agrees


def _number(value: str) -> str:
    return f"CASE WHEN {value} IS NOT NULL THEN hash({value}) END"


# column of `compared` -> SQL over match.nodes; what is only tested for being the same is compared as a number, which takes less memory
FEATURES = {
    **{name: name for name in ("party_kind", "name_norm", "surname", "name_pinyin", "name_is_masked", "former_name_norm", "gender")},
    "birth_on": "birth_on",
    "phone_norm": "phone_norm", "phone_is_masked": "phone_kind = 'masked'", "phone_is_mobile": "phone_kind = 'mobile'",
    "province": _number("province"), "city": _number("city"), "district": "CASE WHEN district IS NOT NULL THEN hash(city, district) END",
    "address_norm": "address_norm", "has_address_key": "address_key IS NOT NULL",
    "door": "CASE WHEN position('-' IN address_key) > 0 THEN hash(address_key) END",
}  # fmt: skip

# worked out once a pair, for pairs with a mask only (pipelines/match/score.py)
AGREEMENTS = {
    "names_agree": f"CASE WHEN l.name_is_masked OR r.name_is_masked THEN {mask_agrees('l.name_norm', 'r.name_norm')} END",
    "phones_agree": "CASE WHEN l.phone_is_masked OR r.phone_is_masked "
    f"THEN {mask_agrees('l.phone_norm', 'r.phone_norm')} END",
}
_CLEAR_NAMES = "NOT l.name_is_masked AND NOT r.name_is_masked"
_VISIBLE = "least(length(replace(l.name_norm, '*', '')), length(replace(r.name_norm, '*', '')))"
_VISIBLE_DIGITS = "least(length(replace(l.phone_norm, '*', '')), length(replace(r.phone_norm, '*', '')))"
_NAMES = "l.name_norm IS NOT NULL AND r.name_norm IS NOT NULL"
_MISMATCHES = " + ".join(f"(substr(l.name_norm, {i}, 1) <> substr(r.name_norm, {i}, 1))::INT" for i in range(1, 5))
_SIMILAR = "jaro_winkler_similarity(l.address_norm, r.address_norm) >= 0.93"

# identifiers compared by `_share`: column of `compared` -> which identifiers of a node it holds (pipelines/match/score.py)
SHARED_VALUES = {
    "phones": "kind = 'phone'",
    "phones_sole": "kind = 'phone' AND NOT is_used_by_several",
    "emails": "kind = 'email'",
    "emails_sole": "kind = 'email' AND NOT is_used_by_several",
    "accounts": "kind IN ('account', 'unionid', 'openid', 'wechat_id', 'member', 'customer', 'uscc')",
}


def _share(name: str) -> str:
    """SQL: the two have an identifier of the kind in common. The lists are looked into only where one side has several."""
    several = [f"coalesce({side}.all_{name}, [{side}.{name}])" for side in "lr"]
    return f"""CASE WHEN l.{name} = r.{name} THEN true WHEN l.all_{name} IS NOT NULL OR r.all_{name} IS NOT NULL
        THEN l.{name} IS NOT NULL AND r.{name} IS NOT NULL AND list_has_any({", ".join(several)}) ELSE false END"""


LEVELS: dict[str, dict[str, str]] = {
    "kind": {"different": "l.party_kind <> r.party_kind"},
    "document": {
        "same": "list_has_any(l.documents, r.documents)",
        # two numbers contradict only within one document type
        "different": "list_has_any(list_transform(l.documents, lambda d: split_part(d, ':', 1)), "
        "list_transform(r.documents, lambda d: split_part(d, ':', 1)))",
    },
    "account": {"same": _share("accounts")},
    "name": {
        "exact": f"{_CLEAR_NAMES} AND (l.name_norm = r.name_norm OR l.former_name_norm = r.name_norm OR l.name_norm = r.former_name_norm)",
        "homophone": f"{_CLEAR_NAMES} AND l.name_pinyin = r.name_pinyin AND length(l.name_norm) = length(r.name_norm)",
        "masked_given": f"names_agree AND {_VISIBLE} >= 2",
        "masked_surname": "names_agree",
        # a letter in a Latin name, or a syllable in a name whose surname stands
        "masked_different": "NOT names_agree",
        "similar_char": f"{_CLEAR_NAMES} AND l.surname = r.surname AND length(l.name_norm) = length(r.name_norm) "
        "AND damerau_levenshtein(l.name_pinyin, r.name_pinyin) = 1 OR "
        f"{_CLEAR_NAMES} AND l.surname IS NULL AND r.surname IS NULL AND jaro_winkler_similarity(l.name_norm, r.name_norm) >= 0.94",
        "one_char": f"{_CLEAR_NAMES} AND l.party_kind = 'person' AND length(l.name_norm) = length(r.name_norm) "
        f"AND length(l.name_norm) BETWEEN 3 AND 4 AND {_MISMATCHES} = 1",
        "different": _NAMES,
    },
    "birth": {
        "exact": "l.birth_on = r.birth_on",
        "near": "(year(l.birth_on) = year(r.birth_on))::INT + (month(l.birth_on) = month(r.birth_on))::INT "
        "+ (day(l.birth_on) = day(r.birth_on))::INT = 2 "
        "OR year(l.birth_on) = year(r.birth_on) AND month(l.birth_on) = day(r.birth_on) AND day(l.birth_on) = month(r.birth_on)",
        "different": "l.birth_on IS NOT NULL AND r.birth_on IS NOT NULL",
    },
    "gender": {"same": "l.gender = r.gender", "different": "l.gender <> r.gender"},
    "phone": {
        "sole": _share("phones_sole"),
        "exact": _share("phones"),
        # one slip leaves the first six or the last four digits alone
        "near": "l.phone_is_mobile AND r.phone_is_mobile "
        "AND (left(l.phone_norm, 6) = left(r.phone_norm, 6) OR right(l.phone_norm, 4) = right(r.phone_norm, 4)) "
        "AND damerau_levenshtein(l.phone_norm, r.phone_norm) = 1",
        "masked_7": "(l.phone_is_masked OR r.phone_is_masked) AND length(l.phone_norm) = length(r.phone_norm) "
        "AND left(l.phone_norm, 3) = left(r.phone_norm, 3) AND right(l.phone_norm, 4) = right(r.phone_norm, 4) "
        "AND position('*' IN left(l.phone_norm, 3) || right(l.phone_norm, 4)) = 0",
        # at least four digits to be seen in both, and none of them differs
        "masked_4": f"phones_agree AND {_VISIBLE_DIGITS} >= 4",
        "masked_different": "NOT phones_agree",
        "different": "l.phones IS NOT NULL AND r.phones IS NOT NULL",
    },
    "email": {
        "sole": _share("emails_sole"),
        "exact": _share("emails"),
        "different": "l.emails IS NOT NULL AND r.emails IS NOT NULL",
    },
    "place": {
        "same_door": "l.district = r.district AND l.door = r.door "
        "AND jaro_winkler_similarity(l.address_norm, r.address_norm) >= 0.8",
        "similar_address": f"l.district = r.district AND NOT (l.has_address_key AND r.has_address_key) AND {_SIMILAR}",
        "same_district": "l.district = r.district",
        "same_city": "l.city = r.city",
        "same_province": "l.province = r.province",
        "different": "l.province IS NOT NULL AND r.province IS NOT NULL",
    },
    "order": {"same": "same_order"},
}
