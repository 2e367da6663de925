"""All table contracts, by layer."""

from schemas.contract import Table
from schemas.tables import cluster, gold, mart, match, meta, raw, std, writeback

LAYERS = ("meta", "raw", "std", "match", "cluster", "gold", "mart", "writeback")
TABLES: tuple[Table, ...] = (
    *meta.TABLES, *raw.TABLES, *std.TABLES, *match.TABLES, *cluster.TABLES, *gold.TABLES, *mart.TABLES, *writeback.TABLES,
)  # fmt: skip
BY_NAME: dict[str, Table] = {t.name: t for t in TABLES}
