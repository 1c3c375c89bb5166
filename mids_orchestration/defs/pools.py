"""Concurrency pools: the names, and the limit each has in the instance's own dagster.yaml."""

#: Everything that writes the DuckDB file. Its limit is 1 because DuckDB has one lock between processes:
#: of three writers started together, two fail on it.
WAREHOUSE_WRITER = "warehouse_writer"
