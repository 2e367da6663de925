"""One record read in Python says what the standardise stage says of the same row."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines.match.nodes import EVIDENCE
from pipelines.standardise.readings import syllables
from pipelines.standardise.single import standardise_record
from schemas.new_record import NewRecord
from tests.standardise.world import World

_TABLE = syllables()
SYLLABLES: dict[str, str] = dict(zip(_TABLE["character"].to_pylist(), _TABLE["syllable"].to_pylist(), strict=True))

def _joined(*parts: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(*(st.sampled_from(part) for part in parts)).map("".join)


_NAMES = _joined(
    ["", "收货人:", "Mr. ", " "],
    ["王", "单", "曾", "欧阳", "尉迟", "萧", "於", "張", "李", "阿卜杜拉·", "John ", "tb", "明月科技", "䶮"],
    ["", "小", "*", "某", "長", "Smith", "国"],
    ["明", "*", "", "红", "·买买提", "123", "有限公司", "行"],
    ["", "先生", "代收", "(放门口)", "[1234]", "老师", "前台", "!"],
)
_PHONES = st.sampled_from([
    "13812345679", "138****5679", "+86 139 1111 2223", "18877771111-12", "0571-87654321", "(010)87654321转8001", "bad 1", "400-800-1234",
    "13812345678 13987654321", "13800138000", "+852 6123 4567", "1391111",
])  # fmt: skip
_EMAILS = st.sampled_from(["a.b@x.com", "INFO@x.com", "d***@x.com", "no", "邮箱：a@b.cn", "z@test.com"])
_DOCUMENTS = st.sampled_from([
    "11010519491231002X", "110105491231002", "H12345678", "E12345678", "11010519491231002*", "123456", "810000199408230021",
])  # fmt: skip
_CODES = st.sampled_from(["91350100M000100Y43", "91350100M000100Y44", "9135 0100-M000100Y43"])
_ADDRESSES = _joined(
    ["", "中国", "浙江省", "浙江", "中华人民共和国浙江省", "北京市", "北京"],
    ["", "杭州市", "杭州", "宁波", "市辖区", "北京市"],
    ["", "西湖区", "西湖", "朝阳区", "义乌市", "高新区"],
    ["文三路", "中山三路", "朝阳路", "南京西路", "XX路", "Golden St "],
    ["86号", "八十六号", "1-2号", "", "***", "１２号"],
    ["3栋2单元301室", "3-2-301", "B座12楼", "十二楼1203", " 3号楼二单元301", "", "5层1203", "301房", "A1楼9F", ",文二路9号"],
    ["", "（放门口）", "菜鸟驿站", "*", "请放门卫"],
)  # fmt: skip
_RECORDS = st.builds(
    NewRecord,
    party_kind=st.sampled_from([None, None, "person", "organisation"]),
    name=_NAMES | st.none(),
    former_name=_NAMES | st.none(),
    gender=st.sampled_from([None, "male", "female"]),
    birth_on=st.sampled_from([None, date(1980, 2, 3), date(1970, 1, 1), date(1899, 1, 1)]),
    phone=_PHONES | st.none(),
    phone_alt=_PHONES | st.none(),
    email=_EMAILS | st.none(),
    wechat_id=st.sampled_from([None, "Li-Ming_88", "ab", "li ming 99"]),
    unionid=st.sampled_from([None, "open:oABC", "  "]),
    openid=st.sampled_from([None, "app:oXYZ"]),
    id_type=st.sampled_from([None, "resident", "passport"]),
    id_number=_DOCUMENTS | st.none(),
    company=_NAMES | st.none(),
    uscc=_CODES | st.none(),
    province=st.sampled_from([None, "浙江省", "浙江", "上海", "火星"]),
    city=st.sampled_from([None, "杭州市", "温州", "市辖区", "未知市"]),
    district=st.sampled_from([None, "西湖区", "滨江", "高新区"]),
    address=_ADDRESSES | st.none(),
)


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # a smaller example is slow to find
@given(st.lists(_RECORDS, min_size=20, max_size=40))
def test_a_record_says_what_its_row_says(records: list[NewRecord]) -> None:
    world = World()
    for n, record in enumerate(records):
        said = record.model_dump(exclude={"unionid", "openid"}) | {"wechat_unionid": record.unionid, "wechat_openid": record.openid}
        world.put("customers", str(n), **said)
    world.run()
    for n, record in enumerate(records):
        mention = standardise_record(record, SYLLABLES.get)
        assert (record, mention.evidence) == (record, _evidence_of(world, f"crm:{n}"))
        assert set(mention.identifiers) == _identifiers_of(world, f"crm:{n}")


def _evidence_of(world: World, record_id: str) -> dict[str, Any]:
    row = world.mention(record_id)
    if row["address_is_place"]:
        row |= {"address_norm": None, "address_key": None}
    return {column: row[column] for column in EVIDENCE}


def _identifiers_of(world: World, record_id: str) -> set[tuple[str, str]]:
    """All that may identify a person, but for the key of the row itself."""
    rows = world.rows("identifiers", f"record_id = '{record_id}' AND is_valid AND is_personal AND NOT is_masked AND kind <> 'customer'")
    return {(row["kind"], row["value"]) for row in rows}
