"""Readers: bytes of a delivery in, batches of text columns with line numbers out.

Belongs here: one module per family of formats, each of bounded memory, each giving every record either as a row
or as a fault. Does not belong here: whether a value is right (``rules``), and where results go (``store``).
"""
