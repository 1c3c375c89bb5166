"""What we expect of what we are sent, as data.

Belongs here: feed contracts (``feeds/<agency>/<feed>.yml``), the JSON Schema they obey (``schema/``), code
lists (``vocabulary/``), the dataclasses that carry a contract in memory (``contract.py``) and the Great
Expectations suites generated from it (``suites.py``).
Does not belong here: reading files, writing Parquet, deciding what happens to a record (``landing``), and
anything that knows Dagster.
"""
