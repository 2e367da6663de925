"""Publishing: the versioned Parquet for analysts and the LMDB index the API reads.

What belongs here: making both from the warehouse, verifying them, switching to them. `keyring`, `tokens`, `pointer`, `manifest` and
`serving_index` are read by API workers and import neither DuckDB nor PyArrow.
"""
