"""Only Dagster: what the stages are called, what they depend on, when they run. The work is in `pipelines/`."""
