"""Long measurements behind the tables in docs/: run by hand, one module each, ``python -m benchmarks.studies.NAME``."""
