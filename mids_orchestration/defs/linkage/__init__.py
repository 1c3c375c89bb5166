"""Dagster for the linkage step."""
