"""Dagster for the warehouse step."""
