"""Thin Dagster: what runs when, in which order, under which checks. No file here does the work itself."""
