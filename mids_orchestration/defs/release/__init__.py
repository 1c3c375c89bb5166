"""Dagster for the release step."""
