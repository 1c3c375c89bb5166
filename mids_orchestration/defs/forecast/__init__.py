"""Dagster for the forecast step."""
