"""Dagster for the landing step."""
