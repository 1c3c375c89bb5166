"""The truth tables: keys as sent, counts that add up, newest weeks that look low."""

import numpy as np
import pandas as pd


def test_record_keys_are_written_as_sent(small):
    truth = small.truth("record_person")
    assert truth.groupby(["agency", "record"])["source_key"].apply(lambda s: s.is_unique).all()
    sent = set()
    for file in small.manifest.files:
        if (file.agency, file.feed) == ("pdrm", "persons"):
            frame = pd.read_csv(
                small.root / "inbox" / file.path, sep=";", encoding="cp1252", dtype=str, na_filter=False
            )
            sent |= set(frame["no_kertas_siasatan"] + "|" + frame["no_orang"])
    police = truth[truth["agency"] == "pdrm"]
    assert len(police) > 500
    assert set(police["source_key"]) <= sent
    leftover = {k for k in sent - set(police["source_key"]) if not k.startswith("|") and not k.endswith("|")}
    assert len(leftover) < 0.02 * len(sent)  # only rows that never arrived sound


def test_every_record_points_at_a_person_and_a_case(small):
    people, cases = set(small.truth("person")["true_person_id"]), set(small.truth("case")["true_case_id"])
    record_person, record_case = small.truth("record_person"), small.truth("record_case")
    assert set(record_person["true_person_id"]) <= people
    assert set(record_person["true_case_id"]) <= cases and set(record_case["true_case_id"]) <= cases
    assert set(record_case["crime_type_code"]) == {"TIP", "SOM", "JOBSCAM"}
    assert record_person["first_sent_on"].min() == small.manifest.began_on


def test_weekly_counts_are_the_official_cases(small):
    weekly, case = small.truth("weekly_count"), small.truth("case")
    official = case[case["is_official"]]
    assert weekly.groupby(["crime_type_code", "unit_code"]).size().eq(521).all()
    for crime in ("TIP", "SOM", "JOBSCAM"):
        one = weekly[(weekly["crime_type_code"] == crime) & (weekly["unit_code"] == "case")]
        assert one["true_count"].sum() == (official["crime_type_code"] == crime).sum()
    people = weekly[weekly["unit_code"] == "person"]["true_count"].sum()
    assert people == official["victims"].sum() + official["smuggled_migrants"].sum()


def test_prosecutors_write_case_numbers_their_own_way(full):
    rows = full.views["agc.prosecutions"].logs["charges"].rows
    refs = [r["investigation_ref"] for r in rows if r["agency"] == "PDRM"]
    own = {r["no_kertas_siasatan"] for r in full.views["pdrm.cases"].logs["cases"].rows}
    assert np.mean([r in own for r in refs]) < 0.15
    assert np.mean([r.endswith("(D3)") for r in refs]) > 0.4


def test_the_newest_weeks_look_low(full):
    """Of the cases of a week, about half are registered when it closes and nearly all half a year later."""
    case = full.world.case
    log = full.views["pdrm.cases"].logs["cases"]
    first: dict[int, int] = {}
    for rid, at in zip(log.rids, log.ats, strict=True):
        first[rid] = min(at // 1440, first.get(rid, 10**9))
    known = pd.Series(first)
    monday = case["occurred"].loc[known.index] - (case["occurred"].loc[known.index] - 1) % 7
    lag = (known - monday) // 7
    assert 0.35 < (lag <= 0).mean() < 0.75
    assert 0.88 < (lag <= 4).mean() < 0.99
    assert (lag <= 26).mean() > 0.98


def test_faulty_rows_exist_and_stay_few(small):
    totals = small.manifest.totals()
    share = sum(t["invalid"] for t in totals.values()) / sum(t["rows"] for t in totals.values())
    assert 0.002 < share < 0.012
    for name, total in totals.items():
        assert total["invalid"] <= 0.03 * total["rows"] + 3, name
    for file in small.manifest.files:
        rows, invalid = sum(file.rows.values()), sum(file.invalid.values())
        assert invalid <= 0.2 * rows, file.path
