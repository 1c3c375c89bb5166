"""The sample agencies: a seeded world with known truth, and what each agency would write down of it.

Belongs here: simulation only, from a seed. Not: anything the pipeline imports to do its work, and no real person
(names are put together from common name parts). `generate` writes DIR/inbox (the feeds, as agencies send them) and
DIR/truth (who is who); no pipeline code may read the truth.
"""
