"""What a column seems to be: a table of guesses, the first that fits wins. A guess asks what the header says and what the values look like;
where it asks nothing of the header, the values alone tell."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.link.suggest.columns import SEPARATORS, Column
from schemas.table_model import Kind

GIVEN = r"\b(first|given|middle) ?names?\b|^(first|given|middle)\d?$|name (first|middle)|forename|\bfname|vorname|pr[eé]nom|^名$|名字"
FAMILY = r"\b(last|family) ?names?\b|^(last|family)\d?$|name last|surname|\blname|nachname|familienname|^姓$|姓氏"
PERSON = (
    r"full ?name|\b(customer|client|patient|person|contact|member|user|native) name|name full|^name$|first and (sur|last)"
    r"|姓名|客户名|联系人|收件人|收货人|会员名"
)
BIRTH = r"\bdob\b|birth|\bborn\b|geburt|naissance|\bdod\b|death|died|出生|生日"
PHONE = r"phone|mobile|\btel\b|\bfax\b|\bcell\b|telefon|手机|电话|联系方式"
POSTCODE = r"post ?code|postal|\bzip\b|\bplz\b|邮编|邮政编码"
ADDRESS = r"address\b|\baddr (full|line)|\baddr\b|adresse|anschrift|地址"
CREDIT_CODE = r"信用代码|税号|纳税人|组织机构代码|\buscc\b|credit code|\b(vat|tax)( (id|no|number|code))?$"
NUMBER_OF_SOMEBODY = rf"\bssn\b|soc(ial)? ?sec|passport|licen[cs]e|national id|\btax\b|身份证|证件|护照|社保|{CREDIT_CODE}"
_HAN_ORGANISATION = "公司|单位|企业|供应商|商户|购方|购买方|销方|销售方"
ORGANISATION = rf"company|organi[sz]ation|\borg\b|\bfirma?\b|supplier|vendor|invoice title|抬头|{_HAN_ORGANISATION}"
ORGANISATION_NAME = (
    rf"^(company|organi[sz]ation|firma?|supplier|vendor)( name)?$|invoice title|抬头|({_HAN_ORGANISATION})(全称|名称?)$"
)
PLACE = r"city|town|suburb|place|street|county|region|village|ort\b|stadt|城市|省|市$|区$|县|街道|地区"
AMOUNT = r"age\b|income|salary|height|weight|score|amount|price|total|qty|quantity|年龄|金额|数量|身高|体重"
GENDER = r"gender|\bsex\b|性别"
FEW_WORDS = rf"{GENDER}|state\b|country|title|occupation|profession|marital|国家|职业|民族"


@dataclass(frozen=True)
class Guess:
    """A column of this `kind` says `header` and at least the share `of` its values has the `form`. `about_people`: the table then tells of
    people."""

    kind: Kind
    header: str
    form: str
    of: float
    about_people: bool = False

    def fits(self, column: Column) -> bool:
        return column.forms.get(self.form, 1.0) >= self.of and re.search(self.header, column.says) is not None


ANY = ""
GUESSES = (
    Guess("email", r"mail|邮箱|邮件", "email", 0.3),
    Guess("email", ANY, "email", 0.6),
    Guess("date", BIRTH, "date", 0.4, about_people=True),
    Guess("code", PHONE, "phone", 0.5),
    Guess("credit_code", CREDIT_CODE, "uscc", 0.3),
    Guess("credit_code", ANY, "uscc", 0.6),
    Guess("code", NUMBER_OF_SOMEBODY, "code", 0.7),
    Guess("code", ANY, "cn_id", 0.8),
    Guess("code", ANY, "mobile", 0.8),
    Guess("date", ANY, "date", 0.8),
    Guess("postcode", POSTCODE, "code", 0.3),
    Guess("postcode", POSTCODE, "uk_postcode", 0.3),
    Guess("postcode", ANY, "uk_postcode", 0.7),
    Guess("organisation", ORGANISATION, "organisation", 0.3),
    Guess("organisation", ORGANISATION_NAME, "letters", 0.5),
    Guess("organisation", ANY, "organisation", 0.6),
    Guess("full_name", PERSON, "letters", 0.6, about_people=True),
    Guess("given_name", GIVEN, "letters", 0.6, about_people=True),
    Guess("family_name", FAMILY, "letters", 0.6, about_people=True),
    Guess("number", ANY, "decimal", 0.5),
    Guess("number", AMOUNT, "whole", 0.8),
    Guess("category", FEW_WORDS, ANY, 0.0),
)
_FEW, _FEW_SHARE = 30, 0.02  # distinct values of a category
_LONG_WORDS, _LONG = 8, 60  # of free text
_SHORT_CODE = 5


def guess(column: Column) -> Kind | None:
    """The kind of a column; none where it holds free text."""
    if column.is_list or separator(column):
        return "list"
    found = next((of.kind for of in GUESSES if of.fits(column)), None)
    return found or _by_looks(column)


def is_about_people(column: Column) -> bool:
    """Whether the first guess that fits is one about people."""
    return next((of.about_people for of in GUESSES if of.fits(column)), False)


def separator(column: Column) -> str | None:
    """What parts the values of a list in one text: numbers, codes or e-mail addresses."""
    lists = (s for s in SEPARATORS if column.forms[f"has{s}"] >= 0.02 and column.forms[f"in_list{s}"] >= 0.7)
    return next(lists, None)


def is_like_code(column: Column) -> bool:
    return max(column.forms["code"], column.forms["whole"]) >= 0.7


def _by_looks(column: Column) -> Kind | None:
    is_few = column.distinct <= min(max(_FEW, _FEW_SHARE * column.filled), column.filled / 2)
    if re.search(ADDRESS, column.says) and (column.words >= 3 or column.length >= 8):
        return "address" if column.words >= 4 else "text"
    if column.words > _LONG_WORDS or column.length > _LONG:
        return None
    if is_few or (column.forms["whole"] >= 0.7 and column.length < _SHORT_CODE):
        return "category"
    if re.search(PLACE, column.says) and column.forms["letters"] >= 0.6:
        return "text"
    return "code" if is_like_code(column) else "text"
