"""What each level of the hub's comparisons says, in words for people."""

from __future__ import annotations

REASONS: dict[str, dict[str, str]] = {
    "kind": {"different": "one is a person, the other an organisation"},
    "document": {"same": "the same valid document number or credit code",
                 "different": "two valid numbers of one type"},
    "account": {"same": "the same account, WeChat identity, member or customer number"},
    "name": {
        "exact": "the same name, or the former name of the other", "homophone": "other characters, the same sound",
        "masked_given": "all that is visible agrees, two characters or more", "masked_surname": "all that is visible agrees",
        "masked_different": "what is visible differs", "part_of": "the name of one company holds that of the other",
        "similar_char": "one syllable or letter differs", "one_char": "one character differs", "different": "different names",
    },
    "birth": {"exact": "the same date of birth", "near": "one part of the date differs, or day and month are exchanged",
              "different": "different dates of birth"},
    "gender": {"same": "the same gender", "different": "different genders"},
    "phone": {
        "sole": "the same phone, which nobody else is known to use", "exact": "the same phone, which others use too",
        "near": "one digit differs, is missing or exchanged", "masked_7": "seven visible digits agree",
        "masked_4": "at least four visible digits agree", "masked_different": "visible digits differ", "different": "different phones",
    },
    "email": {
        "sole": "the same e-mail address, which nobody else is known to use", "exact": "the same e-mail address, which others use too",
        "different": "different e-mail addresses",
    },
    "place": {
        "same_door": "the same house and room", "similar_address": "nearly the same address", "same_district": "the same district",
        "same_city": "the same city", "same_province": "the same province", "different": "different provinces",
    },
    "order": {"same": "named by the same order"},
}  # fmt: skip
