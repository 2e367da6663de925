"""`meta.*` and the change markers: what the pipeline remembers of itself between runs."""

from schemas.contract import INT, JSON, TEXT, TIME, Table, col, table

RUNS = table(
    "meta.runs",
    "One row a stage that was carried out; `seq` orders the change markers.",
    "seq",
    col("seq", INT, "Number of the stage transaction, ascending over the life of the warehouse."),
    col("run_id", TEXT, "Run it belonged to."),
    col("stage", TEXT, "extract | standardise | match | cluster | golden | profile | publish | upgrade."),
    col("started_at", TIME, "Began."),
    col("ended_at", TIME, "Committed."),
    col("facts", JSON, "Counts the stage reports; never a personal value."),
)
WATERMARKS = table(
    "meta.watermarks",
    "Up to which `seq` a consumer has taken in the changes of a layer.",
    ("consumer", "layer"),
    col("consumer", TEXT, "Stage that reads."),
    col("layer", TEXT, "Layer it reads from."),
    col("seq", INT, "Changes up to and including this number are taken in."),
)


def changes(layer: str) -> Table:
    return table(
        f"{layer}.changes",
        f"Keys of {layer} that changed, for the stages downstream; written in the same transaction as the change.",
        ("entity", "key", "seq"),
        col("entity", TEXT, f"Noun of the {layer} table."),
        col("key", TEXT, "Key of the changed row in it; `*`: every row there is or was."),
        col("seq", INT, "Stage transaction that changed it."),
    )


CHANGES = tuple(changes(layer) for layer in ("raw", "std", "match", "cluster", "gold", "mart"))
TABLES = (RUNS, WATERMARKS, *CHANGES)
