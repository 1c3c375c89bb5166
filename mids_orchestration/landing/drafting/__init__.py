"""Drafting a contract from a file nobody has agreed on yet.

Belongs here: guessing how the bytes are laid out (``layout``), what the columns hold (``columns``), and the draft as
YAML a person finishes (``draft``). Does not belong here: deciding on deliveries; a draft promises nothing until
someone has read it.
"""

from mids_orchestration.landing.drafting.draft import Draft, draft_contract

__all__ = ["Draft", "draft_contract"]
