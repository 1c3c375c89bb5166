"""Names of every form the agencies write: two spellings of one person meet, two people stay apart."""

from __future__ import annotations

import pytest

from mids_orchestration.linkage.chinese_readings import readings
from mids_orchestration.linkage.name_tables import VARIANT_OF
from mids_orchestration.linkage.names import parse_name
from mids_orchestration.linkage.phonetic import phonetic_key

SAME_SOUND = [
    # Malay patronymic, particles written every way, Mohd / Muhammad, Abd / Abdul, glued prefixes
    ("Mohd. Rizal b. Abd Rahman", "MUHAMMAD RIZAL BIN ABDULRAHMAN", "MY"),
    ("Norhayati bte Osman", "Nor Hayati Binti Othman", "MY"),
    ("Md Syafiq bin Hj. Yusof", "Muhammad Shafiq Bin Yusuf", "MY"),
    ("Siti Aishah bt Hamzah", "SITI AISYAH BINTE HAMZA", "MY"),
    ("Dato' Haji Zulkifli bin Ismail", "Zulkefli b Ismael", "MY"),
    # Malaysian Indian
    ("Kuppusamy A/L Muniandy", "KUPPUSAMY ANAK LELAKI MUNIANDI", "MY"),
    ("Letchumi a/p Raju", "Lakshmi A/P Rajoo", "MY"),
    ("Suresh s/o Krishnan", "SURESH A\\L KRISHNEN", "MY"),
    # Chinese, dialect romanisation and order
    ("Tan Wei Ming", "Chen Wei Ming", "MY"),
    ("Wei Ming Wong", "NG WEI MING", "MY"),
    # Iban
    ("Jugah anak Barieng", "JUGAH AK BARIENG", "MY"),
    # Vietnamese, diacritics and order
    ("Nguyễn Thị Đào", "DAO NGUYEN THI", "VN"),
    # Burmese titles
    ("U Kyaw Htun Aung", "Kyaw Tun Aung", "MM"),
    ("Daw Khin Hla Nwe", "KHIN HLA NWE", "MM"),
    # Bengali and Rohingya
    ("Md Zahid Hossen", "Mohammad Jahid Hussain", "BD"),
    ("Mst. Ayesha Khatun", "AISHA KHATOON", "BD"),
    ("Mamad Rofik", "Mohammed Rafique", "MM"),
    ("Noor Fatema Begum", "Nur Fatimah Begom", "MM"),
    # Indonesian mononym with padding
    ("FNU Sutrisno", "SUTRISNO -", "ID"),
    ("Soekarno", "Sukarno", "ID"),
    # Wan abbreviated, religious and Thai forms of address, the Vietnamese mark of a woman
    ("Wn Ali bin Zaini", "WAN ALI B ZAINI", "MY"),
    ("Maulvi Yasin Ullah", "YASIN ULLAH", "MM"),
    ("Nang Pranee Wongsa", "PRANEE WONGSA", "TH"),
    ("Nguyễn Thị Trang", "Trang Nguyen", "VN"),
    # another script
    ("မောင်အောင်", "မောင်အောင်", "MM"),
]

DIFFERENT_SOUND = [
    ("Ahmad bin Ali", "Ahmad bin Osman", "MY"),
    ("Tan Wei Ming", "Lim Wei Ming", "MY"),
    ("Kyaw Htun", "Kyaw Soe", "MM"),
    ("Md Rahim", "Md Karim", "BD"),
    ("Nguyen Thi Lan", "Nguyen Thi Hoa", "VN"),
]


@pytest.mark.parametrize(("left", "right", "nationality"), SAME_SOUND)
def test_two_spellings_of_one_name_sound_alike(left: str, right: str, nationality: str) -> None:
    a, b = parse_name(left, nationality), parse_name(right, nationality)
    assert a.sorted_sound, "a name was expected"
    assert a.sorted_sound == b.sorted_sound


@pytest.mark.parametrize(("left", "right", "nationality"), DIFFERENT_SOUND)
def test_two_names_stay_apart(left: str, right: str, nationality: str) -> None:
    assert parse_name(left, nationality).sorted_sound != parse_name(right, nationality).sorted_sound


@pytest.mark.parametrize("text", [None, "", "  ", "-", "FNU", "TIADA NAMA", "unknown", "12345"])
def test_no_name_is_no_name(text: str | None) -> None:
    assert parse_name(text, "XX").tokens == ()


@pytest.mark.parametrize(
    ("text", "sex"),
    [("Ali bin Abu", "M"), ("Siti binti Abu", "F"), ("Raju a/l Mani", "M"), ("Devi d/o Mani", "F"),
     ("Mst Rahima", "F"), ("Daw Hla Nwe", "F"), ("U Tin Maung", "M"), ("Jugah anak Barieng", "U"),
     ("Joko", "U")],
)  # fmt: skip
def test_sex_is_read_from_the_name(text: str, sex: str) -> None:
    assert parse_name(text, "MM" if sex in "MF" and text[0] in "DU" else "MY").sex_hint == sex


def test_titles_are_cut_only_where_they_are_titles() -> None:
    assert parse_name("Ko Wei Ming", "MY").tokens == ("ko", "wei", "ming")
    assert parse_name("Ko Aung Aung", "MM").tokens == ("aung", "aung")
    assert parse_name("Ma", "MM").tokens == ("ma",)
    assert parse_name("Nang Mo Hom", "MM").tokens == ("nang", "mo", "hom"), "a Shan name"
    assert parse_name("Thi Thi Aung", "MM").tokens == ("thi", "thi", "aung")


def test_patronymic_splits_given_name_from_father() -> None:
    parsed = parse_name("Nurul Izzah binti Anwar Ibrahim", "MY")
    assert parsed.tokens[: parsed.given_count] == ("nur", "izzah")


def test_initials_are_kept_apart() -> None:
    parsed = parse_name("M. Kuppusamy", "IN")
    assert parsed.tokens == ("kuppusamy",)
    assert parsed.initials == ("m",)


SAME_CHARACTERS = [
    ("Zhang Guo Qiang", "TEOH KOK KEONG"),
    ("Ng Xin Yi", "Goh Sin Yee"),
    ("Liew Ming Zhi", "Chee Beng Lau"),
    ("Wong Mei Ling", "HUANG BEE LENG"),
]


@pytest.mark.parametrize(("left", "right"), SAME_CHARACTERS)
def test_one_chinese_name_in_two_dialects_has_common_readings(left: str, right: str) -> None:
    a, b = (readings(parse_name(t, "MY").tokens) for t in (left, right))
    assert a is not None and b is not None
    for x, y in ((a, b), (b, a)):
        assert all(any(set(p.split()) & set(q.split()) for q in y) for p in x), (a, b)


def test_names_without_chinese_syllables_have_no_readings() -> None:
    assert readings(parse_name("Ahmad bin Osman", "MY").tokens) is None
    assert readings(("lee",)) is None


def test_no_variant_points_to_another_variant() -> None:
    assert not {c for c in VARIANT_OF.values() if c in VARIANT_OF and VARIANT_OF[c] != c}


def test_phonetic_key_of_nothing_is_nothing() -> None:
    assert phonetic_key("") == ""
    assert phonetic_key("123") == ""
