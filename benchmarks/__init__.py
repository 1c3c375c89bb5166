"""Measurements, each beside its rivals in the same run. Ratios decide, not seconds."""
