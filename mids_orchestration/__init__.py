"""MIDS: what runs when, and the pipeline's pure code (landing, linkage, release, sample)."""
