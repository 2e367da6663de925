"""`match.*`: distinct evidence, identifiers shared by too many, and scored pairs."""

from schemas.contract import BOOL, DATE, FLOAT, INT, JSON, NODE, TEXT, TEXTS, TIME, col, table

NODES = table(
    "match.nodes",
    "Distinct evidence: mentions with exactly the same evidence are one node (where it could be anybody's, only within one order), named "
    "by a hash of it, so arrival order never matters.",
    "node_id",
    col("node_id", NODE, "DuckDB's 64-bit hash of the evidence; another release of DuckDB may hash otherwise and derives all anew."),
    col("party_kind", TEXT, "person | organisation."),
    col("name_norm", TEXT, "As in std.mentions.", "name"),
    col("surname", TEXT, "As in std.mentions.", "name"),
    col("name_pinyin", TEXT, "As in std.mentions.", "name"),
    col("name_is_masked", BOOL, "Some characters of the name are hidden."),
    col("former_name_norm", TEXT, "As in std.mentions.", "name"),
    col("gender", TEXT, "As in std.mentions.", "gender"),
    col("birth_on", DATE, "As in std.mentions.", "birth_date"),
    col("phone_norm", TEXT, "As in std.mentions.", "phone"),
    col("phone_kind", TEXT, "As in std.mentions."),
    col("province", TEXT, "As in std.mentions.", "region"),
    col("city", TEXT, "As in std.mentions.", "region"),
    col("district", TEXT, "As in std.mentions.", "region"),
    col("address_norm", TEXT, "As in std.mentions; null for places.", "address"),
    col("address_key", TEXT, "As in std.mentions; null for places.", "address"),
)
NODE_RECORDS = table(
    "match.node_records",
    "Which mention belongs to which node.",
    "record_id",
    col("record_id", TEXT, "Mention."),
    col("node_id", NODE, "Node."),
    col("is_attached", BOOL, "Belongs there by declaration (shipment of an order whose recipient fits), not by equal evidence."),
)
NODE_IDENTIFIERS = table(
    "match.node_identifiers",
    "Identifiers of a node that may identify a person (valid, clear, personal).",
    ("node_id", "kind", "value"),
    col("node_id", NODE, "Node."),
    col("identifier", NODE, "Hash of kind and value: what joins go by."),
    col("kind", TEXT, "As in std.identifiers."),
    col("value", TEXT, "As in std.identifiers.", "identifier"),
)
IDENTIFIER_USE = table(
    "match.identifier_use",
    "How many differently named parties use an identifier; above the line of the model it identifies nobody.",
    ("kind", "value"),
    col("identifier", NODE, "Hash of kind and value, as in match.node_identifiers."),
    col("kind", TEXT, "Kind of identifier."),
    col("value", TEXT, "Standardised value.", "identifier"),
    col("name_n", INT, "Distinct names (by pinyin, masked ones left out)."),
    col("node_n", INT, "Nodes that carry it."),
    col("is_sole", BOOL, "At most one name: nobody else is known to use it."),
    col("is_shared", BOOL, "Too many names: no evidence."),
)
PAIRS = table(
    "match.pairs",
    "Scored pairs of nodes that were kept, node_a < node_b.",
    ("node_a", "node_b"),
    col("node_a", NODE, "Lesser node id."),
    col("node_b", NODE, "Greater node id."),
    col("bits", FLOAT, "Log2 of the odds that the two are one party, prior included."),
    col("levels", NODE, "Number of the level reached per comparison, four bits each, in the order of the model; no values."),
)
MODELS = table(
    "match.models",
    "Model artefacts in use: weights and term frequencies are fixed until a model is replaced.",
    "model_version",
    col("model_version", TEXT, "Version."),
    col("adopted_at", TIME, "Adopted."),
    col("facts", JSON, "Training facts."),
)
NAME_TERMS = table(
    "match.name_terms",
    "Name frequencies of the model artefact; rare names are pooled, so only common ones are kept.",
    ("model_version", "name_norm"),
    col("model_version", TEXT, "Model."),
    col("name_norm", TEXT, "Common name.", "name"),
    col("share", FLOAT, "Share of named people who are called so."),
)
JUDGED_RECORDS = table(
    "match.judged_records",
    "Mentions that stewards judged or a source merged, as far as these do not contradict each other.",
    "record_id",
    col("record_id", TEXT, "Mention, whether or not there is one now."),
    col("group_id", TEXT, "Least mention of those judged or merged to be the same party as this one."),
    col("apart_from", TEXTS, "Groups judged to be other parties than this one, in order."),
    col("judged_group_id", TEXT, "As group_id by judgements alone; null when only merges of a source name it."),
)
MERGE_FINDINGS = table(
    "match.merge_findings",
    "Merges of a source (raw.merges) that were not applied, or that are odd and were.",
    ("row_id", "finding"),
    col("row_id", TEXT, "Row of raw.merges."),
    col("finding", TEXT, "different_documents | judged_apart | incomplete (not applied); cycle | chain | unknown_record (applied)."),
    col("is_applied", BOOL, "Its two records are held together.", nullable=False),
)
TABLES = (NODES, NODE_RECORDS, NODE_IDENTIFIERS, IDENTIFIER_USE, PAIRS, MODELS, NAME_TERMS, JUDGED_RECORDS, MERGE_FINDINGS)
