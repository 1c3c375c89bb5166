"""Why two records look like one person, in words an officer can check.

What belongs here: turning the levels of a scored pair into English and Malay. What does not: the words
themselves, which stand beside each level in the model (`person_model.py`).
"""

from __future__ import annotations

import pandas as pd

from mids_orchestration.linkage.candidates import ONLY
from mids_orchestration.linkage.model_config import LinkageConfig

_ONLY_WORDS = (
    "nobody else of the other list in this event comes near",
    "tiada orang lain dalam senarai satu lagi bagi kejadian ini yang hampir serupa",
)
REASON_COLUMNS = ["reasons_en", "reasons_ms"]


def describe_pairs(pairs: pd.DataFrame, config: LinkageConfig) -> pd.DataFrame:
    """Columns reasons_en and reasons_ms, one row per pair, same index.

    pairs: `gamma_<comparison>` as the engine scores them: the highest number is the first level that is not
    null, 0 the last, -1 unknown. What is not known of both records is left unsaid.
    """
    parts: dict[int, list[pd.Series]] = {0: [], 1: []}
    for comparison in config.comparisons:
        column = f"gamma_{comparison.name}"
        if column not in pairs:
            continue
        said = [level for level in comparison.levels if not level.is_null]
        top = len(said) - 1
        for language in (0, 1):
            words = {top - i: level.words[language] or level.label for i, level in enumerate(said)}
            parts[language].append(pairs[column].map(words).astype(object).fillna(""))
    if ONLY in pairs:
        for language, word in enumerate(_ONLY_WORDS):
            parts[language].append(pairs[ONLY].map({True: word}).astype(object).fillna(""))
    return pd.DataFrame(
        {
            name: [
                "; ".join(word for word in row if word) for row in zip(*parts[language], strict=True)
            ] if len(pairs) else pd.Series(dtype=object)
            for language, name in enumerate(REASON_COLUMNS)
        },
        index=pairs.index,
    )  # fmt: skip
