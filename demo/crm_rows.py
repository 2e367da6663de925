"""The CRM's rows as they stand in the extract: Chinese headers, everything text."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from demo import addresses, documents, names, phones
from demo.clock import date_text, stamp
from demo.crm import Slip, key_text
from demo.crm_slips import Persons, has_birth, has_email, has_id, persons
from demo.draws import Bools, Ints
from demo.names import Names
from demo.places import places
from demo.size import ORGANISATION, is_organisation
from demo.text import join, only, pick, switch, table, where, words
from demo.world import World

_TITLES = words("先生 女士 老师 总 经理 小姐")
_LEVELS = words("普通 银卡 金卡 铂金 钻石")
_CHANNELS = words("电话 短信 邮件 微信 App")
_TAGS = table([None, "母婴", "家居", "数码", "老客", "高价值|复购", "价格敏感", "母婴|复购", "家居|老客", "投诉过"])
_REMARKS = table([None, "偏好下午联系", "老客户介绍", "门店登记", "要求开发票", "不要打电话，发短信", "展会名片录入", "双11活动"])
_SHOPS = words("西湖店 南京路店 天河店 春熙路店 线上")
_AGENTS = table([f"{name}{n:02d}" for n in range(1, 21) for name in ("客服", "坐席")])
_NULL_WORDS = table(["无", "NULL", "-"])


def render(world: World, row: Ints) -> pl.DataFrame:
    """The extract's rows, in the order asked."""
    draws, rows = world.draws, world.crm
    who = persons(world, row)
    company = is_organisation(rows.party[row])
    organisation = np.where(company, rows.party[row] - ORGANISATION, 0)
    homes, in_columns, address = _addresses(world, who, company, organisation)
    province, city, district = addresses.columns(homes, in_columns)
    consent = draws.chance("crm.consent", row + rows.edits[row] * 10**9, 0.55)
    level = draws.head_heavy("crm.level", row + rows.edits[row] * 10**9, len(_LEVELS))
    frame = pl.DataFrame({
        "客户编号": key_text(rows.number[row]),
        "客户类型": where(company, "企业", "个人"),
        "姓名": _names(world, who, company, organisation),
        "曾用名": _former_names(world, who, company),
        "性别": _genders(world, who, company),
        "生日": _birth_dates(world, who, company),
        "手机": _phone_text(world, who, company),
        "备用电话": _second_phones(world, who, company, organisation),
        "邮箱": _emails(world, who, company),
        "微信UnionID": _unionids(world, who, company),
        "证件类型": only(has_id(world, row, who.person) & ~company, "身份证"),
        "证件号码": _id_numbers(world, who, company),
        "省": province,
        "市": city,
        "区县": district,
        "地址": address,
        "公司": _companies(world, who, company, organisation),
        "统一社会信用代码": only(company & draws.chance("crm.uscc", row, 0.8), world.organisations.uscc(organisation)),
        "客户等级": pick(_LEVELS, level),
        "首选渠道": only(draws.chance("crm.has_channel", row, 0.5), pick(_CHANNELS, draws.below("crm.channel", row, len(_CHANNELS)))),
        "营销授权": where(consent, "是", "否"),
        "授权时间": only(consent, stamp(rows.created_at[row])),
        "勿扰": where(draws.chance("crm.do_not_contact", row, 0.03), "是", "否"),
        "标签": pick(_TAGS, draws.head_heavy("crm.tags", row, len(_TAGS))),
        "备注": _remarks(world, row),
        "最近客服": only(draws.chance("crm.has_agent", row, 0.4), pick(_AGENTS, draws.below("crm.agent", row, len(_AGENTS)))),
        "状态": where(draws.chance("crm.closed", row, 0.01), "注销", "有效"),
        "门店": pick(_SHOPS, draws.below("crm.shop", row, len(_SHOPS))),
        "创建时间": stamp(rows.created_at[row]),
        "更新时间": stamp(rows.updated_at[row]),
    })  # fmt: skip
    return _null_words(world, row, frame)


def _names(world: World, who: Persons, company: Bools, organisation: Ints) -> pl.Series:
    draws, rates, row = world.draws, world.rates, who.row
    text = names.write(who.names, draws.choose("crm.middot", row, [70, 10, 8, 7, 5]))
    spaced = draws.chance("crm.spaced", row, rates.spaced_names) & who.names.is_han
    text = where(spaced, join(names.surname(who.names), " ", text.str.slice(1)), text)
    spaced_compound = spaced & (who.names.codes[:, 1] > 0)
    text = where(spaced_compound, names.write(who.names), text)
    honoured = draws.chance("crm.honorific", row, rates.honorifics)
    title = pick(
        _TITLES, np.where(draws.chance("crm.plain_title", row, 0.6), world.people.woman[who.person], 2 + draws.below("crm.title", row, 3))
    )
    text = where(honoured, join(text, title), text)
    form = np.where(
        draws.chance("crm.org_own_form", row, 0.7), world.organisations.own_form(organisation), draws.below("crm.org_form", row, 5)
    )
    return where(company, world.organisations.name(organisation, form), text)


def _former_names(world: World, who: Persons, company: Bools) -> pl.Series:
    draws = world.draws
    has = draws.chance("person.former_name", who.person, world.rates.former_names) & ~company & who.names.is_han
    other = world.people.names.take(who.person)
    codes = other.codes.copy()
    codes[:, 2:] = world.people.names.codes[draws.below("person.former_name_of", who.person, world.size.people), 2:]
    return only(has & (codes[:, 2] > 0), names.write(Names(codes, other.minority)))


def _genders(world: World, who: Persons, company: Bools) -> pl.Series:
    woman = world.people.woman[who.person] ^ (who.slip == Slip.GENDER)
    shown = (who.slip == Slip.GENDER) | world.draws.chance("crm.gender", who.row, 0.85)
    return switch(
        np.where(company | ~shown, 2, woman), "男", "女", where(world.draws.chance("crm.gender_unknown", who.row, 0.3), "未知", None)
    )


def _birth_dates(world: World, who: Persons, company: Bools) -> pl.Series:
    """Dates in two forms; a wrong one has day or year mistyped."""
    draws, row = world.draws, who.row
    days = world.people.birth[who.person]
    shift = np.where(
        draws.chance("crm.birth_year", row, 0.5),
        365 * (1 + draws.below("crm.birth_shift", row, 3)),
        1 + draws.below("crm.birth_day", row, 20),
    )
    shift = np.where(draws.chance("crm.birth_earlier", row, 0.5), -shift, shift)  # who mistypes errs either way
    days = np.where(who.slip == Slip.BIRTH_DATE, days + shift, days)
    text = where(draws.chance("crm.birth_slashes", row, 0.1), date_text(days, "%Y/%m/%d"), date_text(days))
    return only(has_birth(world, row) & ~company, text)


def _phone_text(world: World, who: Persons, company: Bools) -> pl.Series:
    missing = (who.slip == Slip.NONE) & world.draws.chance("crm.no_phone", who.row, world.rates.missing_phone)
    return only(~missing, phones.written(world.draws, "crm.phone", who.row, who.phone, world.rates.phone_formats))


def _second_phones(world: World, who: Persons, company: Bools, organisation: Ints) -> pl.Series:
    """The person's second line, or a landline; a company's switchboard."""
    draws, row = world.draws, who.row
    second = phones.plain(world.people.phone(who.person, phones.SECOND_LINE))
    city = world.people.dwelling_at(who.person, world.crm.as_of[row]).city
    home = phones.landline(pick(places().area, city), who.person % 10**7)
    mobile = draws.chance("crm.second_is_mobile", row, 0.8)
    shown = where(company, world.organisations.switchboard(organisation), where(mobile, second, home))
    return only(draws.chance("crm.second_phone", row, np.where(company, 0.7, 0.15)), shown)


def _emails(world: World, who: Persons, company: Bools) -> pl.Series:
    draws, row = world.draws, who.row
    right = world.people.email(who.person)
    kind = draws.below("crm.email_slip", row, 4)
    wrong = switch(
        kind, right.str.replace(".com", ".con", literal=True), right.str.replace("@", "", literal=True),
        right.str.replace(".com", ".cm", literal=True), join(right.str.slice(0, 1), right),
    )  # fmt: skip
    return only(has_email(world, row, who.person) & ~company, where(who.slip == Slip.EMAIL, wrong, right))


def _unionids(world: World, who: Persons, company: Bools) -> pl.Series:
    known = world.people.has_wechat(who.person) & world.draws.chance("crm.unionid", who.row, 0.25) & ~company
    return only(known, world.people.unionid(who.person))


def _id_numbers(world: World, who: Persons, company: Bools) -> pl.Series:
    draws, row = world.draws, who.row
    matrix = world.people.id_matrix(who.person)
    wrong = documents.id_wrong(draws, "crm.id_slip", row, matrix)
    right = documents.id_text(np.where((who.slip == Slip.ID_NUMBER)[:, None], wrong, matrix))
    old = draws.chance("person.old_id", who.person, world.rates.id_15_digits) & (documents.civil(world.people.birth[who.person])[0] < 1999)
    old &= who.slip != Slip.ID_NUMBER
    return only(has_id(world, row, who.person) & ~company, where(old, documents.id_15(matrix), right))


def _addresses(world: World, who: Persons, company: Bools, organisation: Ints) -> tuple[Ints, Ints, pl.Series]:
    """District, form of the region columns, and address text."""
    draws, row = world.draws, who.row
    homes = world.people.dwelling_at(who.person, world.crm.as_of[row])
    offices = world.organisations.office(organisation)
    homes = replace(homes, **{name: np.where(company, getattr(offices, name), getattr(homes, name)) for name in homes.__dataclass_fields__})
    homes = addresses.mistaken(draws, "crm.address", row, homes, who.slip == Slip.ADDRESS)
    in_columns = draws.choose("crm.region", row, [60, 20, 20])
    form = draws.choose("crm.address_form", row, [30, 20, 15, 10, 8, 5, 5, 7])
    text = addresses.written(draws, "crm.address", row, homes, in_columns, form)
    shown = (who.slip == Slip.ADDRESS) | company | draws.chance("crm.has_address", row, 0.75)
    return homes.district, np.where(shown, in_columns, np.where(in_columns == 2, 2, in_columns)), only(shown, text)


def _companies(world: World, who: Persons, company: Bools, organisation: Ints) -> pl.Series:
    employer, employed = employers(world, who.person)
    shown = employed & world.draws.chance("crm.company", who.row, 0.4) & ~company
    number = np.where(company, organisation, employer)
    return only(company | shown, world.organisations.name(number, world.organisations.own_form(number)))


def employers(world: World, person: Ints) -> tuple[Ints, Bools]:
    """The company each person works for, and whether the person works for one that is a customer."""
    n = world.size.organisations
    return world.draws.below("person.employer", person, max(n, 1)), world.people.has("employer", person, 0.25 if n else 0.0)


def _remarks(world: World, row: Ints) -> pl.Series:
    text = pick(_REMARKS, world.draws.head_heavy("crm.remark", row, len(_REMARKS), 3))
    return where(
        world.draws.chance("crm.multiline", row, world.rates.multiline_remarks), "首次电话未接\n二次回访，客户说“再考虑”,待跟进", text
    )


def _null_words(world: World, row: Ints, frame: pl.DataFrame) -> pl.DataFrame:
    """Some missing values are written as words."""
    for name in ("手机", "邮箱", "公司", "生日"):
        chosen = frame[name].is_null().to_numpy() & world.draws.chance(f"crm.null.{name}", row, world.rates.null_words)
        word = pick(_NULL_WORDS, world.draws.below(f"crm.null_word.{name}", row, len(_NULL_WORDS)))
        frame = frame.with_columns(where(chosen, word, frame[name]).alias(name))
    return frame
