"""The second count of a delimited text: whole blocks counted at once say what the grammar says record by record."""

from __future__ import annotations

import io
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mids_orchestration.landing import counting


def _counted(data: bytes, delimiter: str, quote: str | None) -> int:
    contract: Any = SimpleNamespace(
        format=SimpleNamespace(quote=quote, delimiter=delimiter, encoding="utf-8")
    )
    record: Any = SimpleNamespace(header_row=1, header_rows=0)
    member: Any = SimpleNamespace(open=lambda: io.BytesIO(data), path=Path("x"))
    return counting._count_delimited(member, contract, record)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_end_inside_the_last_field_ends_no_record(end: str) -> None:
    record = f'"a";"two{end}lines"{end}'
    assert _counted((record * 3).encode(), ";", '"') == 3
    # A stray quote leaves the whole block to the grammar.
    assert _counted((record * 3 + f'x"y;z{end}').encode(), ";", '"') == 4


def test_both_ways_of_counting_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(20260629)
    regular = counting._regular_records
    used = 0
    for _ in range(3000):
        delimiter, quote = dice.choice(";,\t"), dice.choice(['"', '"', "'", None])
        parts = [delimiter, '"', "\n", "\r\n", "\r", "a", " ", "\t", '""', "'", '"x"', '"y\nz"', '"y\r\nz"\r\n',
                 delimiter + '"', '"' + delimiter, '"\n', '\n"']  # fmt: skip
        data = "".join(dice.choices(parts, k=dice.randint(0, 25))).encode()
        at_once = _counted(data, delimiter, quote)
        mark = quote.encode() if quote else None
        used += regular(data, delimiter.encode(), mark, b" ", True) is not None
        with monkeypatch.context() as patch:
            patch.setattr(counting, "_regular_records", lambda *_: None)
            assert _counted(data, delimiter, quote) == at_once, (data, delimiter, quote)
    assert used > 500
