"""Side-by-side measurements, runnable; results are written to docs/benchmarks.md."""
