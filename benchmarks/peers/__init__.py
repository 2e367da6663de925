"""Other engines, each a script for the interpreter of `.venv-bench`: a job file in, `clusters.parquet` and `pairs.parquet` out."""
