"""Names and papers: consistent in the truth, careless only in the views."""

import json
import random
import re
from datetime import date

import numpy as np
import pytest

from mids_orchestration.sample import documents
from mids_orchestration.sample.names import Name, forms
from mids_orchestration.sample.places import draw_districts, state, states
from mids_orchestration.sample.respelling import Hand, fold, slip, slip_digit, write_name
from mids_orchestration.sample.streams import Streams


def test_mykad_of_every_citizen_agrees_with_birth_sex_and_state(full):
    citizens = [p for p in full.world.people.person if p.nationality == "MY"]
    assert len(citizens) > 2000
    for p in citizens:
        m = re.fullmatch(r"(\d{6})-(\d\d)-\d{3}(\d)", p.mykad)
        assert m and m[1] == f"{p.birth:%y%m%d}"
        assert m[2] in state(p.state_code).mykad_codes
        assert (int(m[3]) % 2 == 1) == (p.sex == "M")
    assert len({p.mykad for p in citizens}) == len(citizens)


def test_typing_errors_in_mykad_stand_in_views_only(full):
    true = {p.mykad.replace("-", "") for p in full.world.people.person if p.mykad}
    log = full.views["pdrm.persons"].logs["persons"]
    sent = [r["no_dokumen"].replace("-", "") for r in log.rows if r["jenis_dokumen"] == "MYKAD"]
    wrong = [n for n in sent if n not in true]
    assert 0.01 < len(wrong) / len(sent) < 0.06


def test_nobody_is_born_after_the_event_and_adults_are_adults(full):
    part = full.world.people.part
    for row in part.itertuples():
        person = full.world.person(row.person_no)
        assert person.birth.toordinal() <= row.occurred
        if row.role == "SUSPECT":
            assert row.occurred - person.birth.toordinal() > 17.9 * 365


def test_every_form_draws_names_of_both_sexes():
    rng = random.Random(3)
    expected = {"malay", "chinese_my", "indian_my", "iban_kadazan", "indonesian", "bangladeshi", "burmese", "rohingya",
                "nepali", "vietnamese", "filipino", "thai", "indian_national"}  # fmt: skip
    assert expected <= set(forms())
    for form in forms().values():
        for sex in "MF":
            drawn = {form.draw(sex, rng).full() for _ in range(60)}
            assert len(drawn) > 10, form.code


def test_malay_names_carry_the_patronymic_of_their_sex():
    rng = random.Random(4)
    for sex, particle in (("M", "bin"), ("F", "binti")):
        assert all(particle in forms()["malay"].draw(sex, rng).words for _ in range(100))


def test_views_respell_but_a_careful_hand_copies():
    name = Name("malay", ("Muhammad", "Hafiz", "bin", "Osman"), ("given", "second", "particle", "father"))
    exact = Hand(respell=0, particle=0, drop=0, swap=0, typo=0, honorific=0)
    seen = {write_name(name, "M", exact, random.Random(i)).replace("  ", " ") for i in range(200)}
    assert seen == {"Muhammad Hafiz bin Osman"}
    loose = Hand(upper=True, respell=0.5, particle=0.5)
    written = {write_name(name, "M", loose, random.Random(i)) for i in range(300)}
    assert any("MOHD" in w for w in written) and any(" B " in w or " B. " in w for w in written)
    assert len(written) > 50


def test_folding_keeps_only_what_a_system_can_hold():
    assert fold("Nguyễn Thị Đặng", "ascii") == "Nguyen Thi Dang"
    assert fold("Nguyễn Peña", "latin1") == "Nguyen Peña"
    assert fold("Nguyễn Peña", "unicode") == "Nguyễn Peña"
    fold("Nguyễn Thị Ánh Peña", "latin1").encode("cp1252")


def test_slips_change_one_thing():
    rng = random.Random(8)
    for _ in range(300):
        assert abs(len(slip("SURYANI WATI", rng)) - 12) <= 1
        number = slip_digit("900101-14-5678", rng)
        assert number != "900101-14-5678" and len(number) == 14 and number.count("-") == 2
    assert slip("ALI", rng) == "ALI" and slip_digit("A1", rng) == "A1"


def test_passports_follow_their_country():
    rng = random.Random(1)
    assert re.fullmatch(r"[AHK]\d{8}", documents.passport("MY", rng))
    assert re.fullmatch(r"M[A-Z]\d{6}", documents.passport("MM", rng))
    assert re.fullmatch(r"P\d{7}[A-Z]", documents.passport("PH", rng))
    assert re.fullmatch(r"354-18C\d{5}", documents.unhcr(2018, rng))
    assert re.fullmatch(r"991231-(0[1]|2[1-4])-\d{4}", documents.mykad(date(1999, 12, 31), "F", 1, rng))


def test_places_are_sixteen_states_and_a_hundred_and_sixty_districts():
    assert [s.code for s in states()] == list(range(1, 17))
    assert sum(len(s.districts) for s in states()) == 160
    assert sum(s.share["jobscam"] for s in states() if s.name == "Perlis") == 0
    rng = Streams(1).array("x")
    assert all(d in state(9).districts for d in draw_districts(rng, np.full(20, 9)))


def test_truth_lists_documents_as_json(small):
    person = small.truth("person")
    assert person["true_person_id"].is_unique
    papers = person["documents"].map(json.loads)
    kinds = {p["type"] for row in papers for p in row}
    assert kinds == {"mykad", "passport", "unhcr"}
    assert (papers.map(len) == 0).mean() == pytest.approx(0.45, abs=0.2)  # many show nothing


def test_the_border_agency_begins_in_2025_and_takes_named_persons_over(full):
    case = full.world.case[full.world.case["lead"] == "AKPS"]
    assert len(case) > 25 and case["occurred"].min() >= date(2025, 1, 1).toordinal()
    log = full.views["akps.encounters"].logs["encounters"]
    assert min(row["recorded_on"] for row in log.rows) >= "2025-01-01"
    roles = {p["role"] for row in log.rows for p in row["persons"]}
    assert {"SMUGGLED_MIGRANT", "SUSPECT"} <= roles


def test_a_protection_order_runs_from_interim_to_decision_to_the_end_of_the_stay(full):
    logs = full.views["jkm.protection_orders"].logs
    orders: dict[int, list[dict]] = {}
    for rid, row in zip(logs["protection_orders"].rids, logs["protection_orders"].rows, strict=True):
        orders.setdefault(rid, []).append(row)
    assert {rows[0]["Keputusan"] for rows in orders.values()} == {"BELUM DIPUTUSKAN"}
    granted = [rows for rows in orders.values() if rows[-1]["Keputusan"] == "DIBERI"]
    assert 0.1 < len(granted) / len(orders) < 0.6  # 26 % (police, 2021) to 35 % (United States, 2022)
    assert all(rows[-1]["Tamat Perintah"] for rows in granted)
    stays = logs["shelter_stays"].rows
    reasons = {row["Sebab Keluar"] for row in stays}
    assert {"DIBEBASKAN", "DIHANTAR PULANG", "DISERAH KEPADA JIM", "PINDAH", "LARI", ""} == reasons
    protected = {(r[6], r[5]) for r in full.links.order}
    listed = {(r[6], r[5]) for r in full.links.person if r[7] in ("MANGSA", "VICTIM", "COMPLAINANT")}
    assert len(protected - listed) < 0.05 * len(
        protected
    )  # nearly all stand on an investigating agency's list


def test_welfare_writes_case_numbers_its_own_way(full):
    own = {r["no_kertas_siasatan"] for r in full.views["pdrm.cases"].logs["cases"].rows}
    refs = [r["No Kes Agensi"] for r in full.views["jkm.protection_orders"].logs["protection_orders"].rows]
    assert np.mean([r in own for r in refs]) < 0.15
