"""The default model for persons of the agencies' records.

What belongs here: which columns of `prepare_persons` are compared, at which levels, with which stored
probabilities, and which pairs are looked at. What does not: how it is run.

Decisions that a reader should know:
- Case number, raid number, date and place of event are ONE comparison. They depend on each other
  (people of one raid share all of them), and four separate agreements would be counted four times.
- Two records of one case in one agency's own list are nearly always two people, and so are two records
  of one agency in different cases of the same weeks. Both are levels of the event comparison: only strong
  agreement of name, birth and document says that one person was typed twice.
- People of one nationality share names, and people of one boat share nationality, place and day. Names
  and events are therefore weighed among compatriots, and an event by the number of people in it: meeting
  in a boat of two hundred says little, meeting in a case of three says much.
- An event is weighed by the records of the *other* agencies in it, victims and suspects apart: the accused of a
  case are looked for among its suspects, however many victims it had.
- The district, town or compound says more than the state, and two different ones say no. An organisation that does
  not know the day writes that of the report, months later: so one locality counts within months too.
- A year known to both lists and a year beside a full date are different levels: who knows no birthday tells none
  anywhere, while an officer's estimate beside a date says little. m of birth is learnt from people charged and
  investigated in one case, because people found by their documents always have dates.
- Whoever is met again in another event may be a victim in one and a suspect in the other far more often than within
  one event. The side is therefore compared within an event and across events apart.
- Two different MyKad numbers with one birth date count against a match: the six digits they share are
  the birth date over again, which its own comparison has already counted.
- u of the document levels is stored, not sampled: equal numbers among different people are typing
  errors, far rarer than the true matches that any random sample contains. What is stored is the share among
  pairs that both show this kind of paper: refugee files are few, and two alike are no likelier for that.
"""

from __future__ import annotations

from mids_orchestration.linkage.model_config import BlockingRule, Comparison, Level, LinkageConfig, LiveCount

ELSE = "ELSE"


def _null(sql: str, label: str) -> Level:
    return Level(sql, label, words=("not known for both", "tidak diketahui bagi kedua-duanya"))


_SHARED = "shared_bits(sounds_l, sound_bits_l, sounds_r)"
_SUBSET = "len(list_intersect(sounds_l, sounds_r)) = least(len(sounds_l), len(sounds_r))"

_SHORTER = "least(length(name_l), length(name_r))"
# With the words in order or as they were written.
_ONE_SLIP = "(one_slip(name_l, name_r) OR one_slip(written_l, written_r))"

NAME = Comparison(
    "name",
    (
        _null("sound_l IS NULL OR sound_r IS NULL", "no name"),
        Level("name_l = name_r", "same name", 0.60, 6e-4, tf_column="name_key",
              words=("same name", "nama sama")),
        Level("core_l = core_r", "same sound", 0.16, 4e-4, tf_column="core_key",
              words=("name sounds the same", "nama sebunyi")),
        Level("len(readings_l) = len(readings_r) AND readings_found(readings_l, readings_r)"
              " AND readings_found(readings_r, readings_l)", "same Chinese name in another dialect", 0.03, 3e-4,
              fixed_u=True,
              words=("same Chinese name in another dialect", "nama Cina sama dalam loghat lain")),
        Level(f"{_SUBSET} AND {_SHARED} >= 15", "one name contains the other, rare words", 0.04, 3e-5,
              words=("one name contains the other (rare words)", "satu nama mengandungi yang lain (jarang)")),
        Level(f"jaro_winkler_similarity(name_l, name_r) >= 0.94 OR {_SHORTER} >= 8 AND {_ONE_SLIP}", "near spelling",
              0.05, 2e-4,
              words=("names differ by a letter or two", "nama berbeza satu dua huruf")),
        Level(f"{_SHARED} >= 15", "two rare words shared", 0.02, 1e-4,
              words=("names share rare words", "nama berkongsi perkataan jarang")),
        Level(f"{_SUBSET} AND {_SHARED} >= 8", "one name contains the other", 0.04, 1e-3,
              words=("one name contains the other", "satu nama mengandungi yang lain")),
        Level(f"{_SHARED} >= 11", "two words shared", 0.02, 1e-3,
              words=("names share two words", "nama berkongsi dua perkataan")),
        Level("least(len(readings_l), len(readings_r)) >= 2 AND (readings_found(readings_l, readings_r)"
              " OR readings_found(readings_r, readings_l))", "part of a Chinese name in another dialect", 0.01, 1.5e-3,
              fixed_u=True,
              words=("part of a Chinese name in another dialect", "sebahagian nama Cina dalam loghat lain")),
        Level(f"jaro_winkler_similarity(name_l, name_r) >= 0.87 OR {_SHORTER} >= 4 AND {_ONE_SLIP}",
              "similar spelling", 0.03, 5e-3,
              words=("names look alike", "nama hampir serupa")),
        Level(f"{_SHARED} >= 7", "a word shared", 0.03, 1.5e-2,
              words=("names share a word", "nama berkongsi satu perkataan")),
        Level(f"{_SUBSET} AND {_SHARED} >= 4", "one name contains the other, common word", 0.01, 1e-2,
              words=("one name contains the other (a common word)",
                     "satu nama mengandungi yang lain (perkataan biasa)")),
        Level(f"{_SHARED} >= 4", "a common word shared", 0.01, 3e-2,
              words=("names share a common word", "nama berkongsi satu perkataan biasa")),
        Level(ELSE, "different name", 0.03, 0.97,
              words=("different name", "nama berbeza")),
    ),
    u_given="nationality",
)  # fmt: skip

_FULL = "dob_l IS NOT NULL AND dob_r IS NOT NULL"
_YEARS = "dob_l IS NULL AND dob_r IS NULL"
# Dates (2001-02-03) one slip apart agree before or after the first hyphen; comparing halves is cheaper than counting.
_HALF = "(substr(dob_l, 1, 5) = substr(dob_r, 1, 5) OR substr(dob_l, 6) = substr(dob_r, 6))"
_AGE = "NOT (year_exact_l AND year_exact_r)"
_GAP = "abs(birth_year_l - birth_year_r)"
# Days between the two spans of time in which a record puts the birth; nothing or less: they overlap.
_APART = "greatest(born_first_l, born_first_r) - least(born_last_l, born_last_r)"
BIRTH = Comparison(
    "birth",
    (
        _null("birth_year_l IS NULL OR birth_year_r IS NULL", "no birth year"),
        Level("dob_l = dob_r", "same birth date", 0.50, 4e-5, group="date",
              words=("same birth date", "tarikh lahir sama")),
        Level(f"{_FULL} AND {_HALF} AND (damerau_levenshtein(dob_l, dob_r) <= 1 OR day_month_swapped(dob_l, dob_r))",
              "birth date one slip apart", 0.05, 6e-4, group="date",
              words=("birth dates one slip apart", "tarikh lahir tersilap satu angka")),
        Level(f"{_FULL} AND {_GAP} = 0", "full dates differ in one year", 0.01, 0.02, group="date",
              words=("different birth dates of one year", "tarikh lahir berbeza, tahun sama")),
        Level(_FULL, "full dates differ", 0.01, 0.45, group="date",
              words=("different birth dates", "tarikh lahir berbeza")),
        Level(f"NOT ({_AGE}) AND {_YEARS} AND {_GAP} = 0", "same birth year, neither date known", 0.08, 0.002,
              group="date", words=("same birth year", "tahun lahir sama")),
        Level(f"NOT ({_AGE}) AND {_YEARS} AND {_GAP} <= 2", "birth years within two, neither date known", 0.02, 0.008,
              group="date", words=("birth years within two years", "tahun lahir dalam dua tahun")),
        Level(f"NOT ({_AGE}) AND {_YEARS}", "birth years differ, neither date known", 0.005, 0.03, group="date",
              words=("different birth years", "tahun lahir berbeza")),
        Level(f"NOT ({_AGE}) AND {_GAP} = 0", "same birth year, date not known", 0.12, 0.01, group="date",
              words=("same birth year", "tahun lahir sama")),
        Level(f"NOT ({_AGE}) AND {_GAP} <= 2", "birth years within two", 0.04, 0.04, group="date",
              words=("birth years within two years", "tahun lahir dalam dua tahun")),
        Level(f"NOT ({_AGE}) AND {_GAP} <= 5", "birth years within five", 0.01, 0.05, group="date",
              words=("birth years within five years", "tahun lahir dalam lima tahun")),
        Level(f"NOT ({_AGE})", "birth years differ", 0.01, 0.10, group="date",
              words=("different birth years", "tahun lahir berbeza")),
        Level(f"{_APART} <= 0", "age agrees", 0.15, 0.02, group="age",
              words=("age agrees", "umur sepadan")),
        Level(f"{_APART} <= 366", "age within a year", 0.03, 0.03, group="age",
              words=("age agrees within a year", "umur sepadan dalam setahun")),
        Level(f"{_APART} <= 2 * 366", "age within two years", 0.02, 0.03, group="age",
              words=("age agrees within two years", "umur sepadan dalam dua tahun")),
        Level(f"{_APART} <= 5 * 366", "age within five years", 0.02, 0.06, group="age",
              words=("age agrees within five years", "umur sepadan dalam lima tahun")),
        Level(ELSE, "age differs", 0.01, 0.19, group="age",
              words=("different age", "umur berbeza")),
    ),
    train_with=(1,),
)  # fmt: skip

_MYKADS = "mykad_l IS NOT NULL AND mykad_r IS NOT NULL"
_PASSPORTS = "passport_l IS NOT NULL AND passport_r IS NOT NULL"
DOCUMENT = Comparison(
    "document",
    (
        _null(f"NOT ({_MYKADS}) AND NOT ({_PASSPORTS}) AND (other_document_l IS NULL OR other_document_r IS NULL)",
              "no shared kind of document"),
        Level("mykad_l = mykad_r", "same MyKad", 0.30, 1e-8, fixed_u=True, group="mykad",
              words=("same MyKad number", "nombor MyKad sama")),
        Level(f"{_MYKADS} AND damerau_levenshtein(mykad_l, mykad_r) <= 1", "MyKad one slip apart", 0.03, 2e-7,
              fixed_u=True, group="mykad",
              words=("MyKad numbers one slip apart", "nombor MyKad tersilap satu angka")),
        Level(f"{_MYKADS} AND substr(mykad_l, 1, 6) = substr(mykad_r, 1, 6)", "MyKad of the same birth date",
              0.003, 0.02, fixed_m=True, fixed_u=True, group="mykad",
              words=("different MyKad with the same birth date", "MyKad berbeza, tarikh lahir sama")),
        Level(_MYKADS, "different MyKad", 0.003, 0.33, group="mykad",
              words=("different MyKad numbers", "nombor MyKad berbeza")),
        Level("passport_l = passport_r", "same passport", 0.35, 1e-8, fixed_u=True, group="passport",
              words=("same passport number", "nombor pasport sama")),
        Level(f"{_PASSPORTS} AND damerau_levenshtein(passport_l, passport_r) <= 1", "passport one slip apart",
              0.04, 5e-7, fixed_u=True, group="passport",
              words=("passport numbers one slip apart", "nombor pasport tersilap satu aksara")),
        Level(_PASSPORTS, "different passport", 0.02, 0.35, group="passport",
              words=("different passports", "pasport berbeza")),
        Level("other_document_l = other_document_r", "same refugee file", 0.20, 1e-7, fixed_u=True, group="file",
              words=("same refugee file number", "nombor fail pelarian sama")),
        Level("damerau_levenshtein(other_document_l, other_document_r) <= 1", "refugee file one slip apart",
              0.03, 1e-5, fixed_u=True, group="file",
              words=("refugee file numbers one slip apart", "nombor fail pelarian tersilap satu aksara")),
        Level(ELSE, "different refugee file", 0.02, 0.30, group="file",
              words=("different refugee files", "fail pelarian berbeza")),
    ),
)  # fmt: skip

_DAYS = "abs(event_day_l - event_day_r)"
_PLACE = "(state_l = state_r OR abroad_l = abroad_r)"
# A state at home beside a country abroad (the home of a person missing there) contradicts nothing.
_PLACED = "(state_l IS NOT NULL AND state_r IS NOT NULL OR abroad_l IS NOT NULL AND abroad_r IS NOT NULL)"
_NEAR = "locality_l = locality_r"
_FAR = "coalesce(locality_l <> locality_r, false)"
EVENT = Comparison(
    "event",
    (
        _null("event_day_l IS NULL OR event_day_r IS NULL", "no event date"),
        Level("list_case_l = list_case_r", "twice in one list and case", 0.01, 6e-4, tf_column="list_people",
              fixed_m=True,
              words=("two entries of one case in one list", "dua catatan dalam satu kes dan senarai")),
        Level(f"agency_l = agency_r AND {_DAYS} <= 45", "another case of the same agency in these weeks",
              0.004, 0.02, fixed_m=True,
              words=("another case of the same agency in these weeks",
                     "kes lain agensi sama dalam minggu-minggu itu")),
        Level("case_no_l = case_no_r OR raid_no_l = raid_no_r", "same case or raid", 0.45, 1e-3,
              tf_column="case_people",
              one_event=True, words=("same case or raid number", "nombor kes atau serbuan sama")),
        Level(f"{_DAYS} <= 3 AND {_NEAR}", "same days, same locality", 0.10, 1e-4, tf_column="near_people",
              one_event=True, words=("event within three days in the same district or town",
                     "kejadian dalam tiga hari di daerah atau bandar sama")),
        Level(f"{_DAYS} <= 3 AND {_PLACE} AND NOT {_FAR}", "same days, same place", 0.10, 1e-3,
              tf_column="days_people",
              one_event=True, words=("event within three days at the same place",
                                     "kejadian dalam tiga hari di tempat sama")),
        Level(f"{_DAYS} <= 3 AND NOT {_PLACED} AND NOT {_FAR}", "same days, place not known", 0.06, 2e-3,
              one_event=True, words=("event within three days, place not known",
                                     "kejadian dalam tiga hari, tempat tidak pasti")),
        Level(f"{_DAYS} <= 45 AND {_NEAR}", "same weeks, same locality", 0.04, 5e-4,
              one_event=True, words=("event within weeks in the same district or town",
                     "kejadian dalam beberapa minggu di daerah atau bandar sama")),
        Level(f"{_DAYS} <= 45 AND {_PLACE} AND NOT {_FAR}", "same weeks, same place", 0.04, 8e-3,
              words=("event within weeks at the same place", "kejadian dalam beberapa minggu di tempat sama")),
        Level(f"{_DAYS} <= 45 AND NOT {_PLACED} AND NOT {_FAR}", "same weeks, place not known", 0.04, 1.5e-2,
              words=("event within weeks, place not known", "kejadian dalam beberapa minggu, tempat tidak pasti")),
        Level(f"{_DAYS} <= 45", "same weeks, other place", 0.03, 0.02,
              words=("event within weeks elsewhere", "kejadian dalam beberapa minggu di tempat lain")),
        Level(f"{_DAYS} <= 240 AND {_NEAR}", "same months, same locality", 0.04, 2e-3,
              one_event=True, words=("event within months in the same district or town",
                     "kejadian dalam beberapa bulan di daerah atau bandar sama")),
        Level(_PLACE, "same place, other time", 0.05, 0.15,
              words=("same place at another time", "tempat sama pada masa lain")),
        Level(ELSE, "other time and place", 0.08, 0.78,
              words=("another time and place", "masa dan tempat lain")),
    ),
    u_given="nationality",
)  # fmt: skip

NATIONALITY = Comparison(
    "nationality",
    (
        _null("nationality_l IS NULL OR nationality_r IS NULL", "no nationality"),
        Level("nationality_l = nationality_r", "same nationality", 0.97, 0.15, tf_column="nationality",
              words=("same nationality", "warganegara sama")),
        Level("least(nationality_l, nationality_r) = 'BD' AND greatest(nationality_l, nationality_r) = 'MM'",
              "Bangladesh and Myanmar", 0.01, 0.05,
              words=("Bangladesh and Myanmar", "Bangladesh dan Myanmar")),
        Level(ELSE, "different nationality", 0.02, 0.80,
              words=("different nationality", "warganegara berbeza")),
    ),
)  # fmt: skip

SEX = Comparison(
    "sex",
    (
        _null("sex_l IS NULL OR sex_r IS NULL", "no sex"),
        Level("sex_l = sex_r", "same sex", 0.98, 0.55, words=("same sex", "jantina sama")),
        Level(ELSE, "different sex", 0.02, 0.45, words=("different sex", "jantina berbeza")),
    ),
)

# What the event comparison takes for one event or its weeks; another event is another chapter of a life.
_ONE_EVENT = f"coalesce(case_no_l = case_no_r OR raid_no_l = raid_no_r OR {_DAYS} <= 45, false)"
SIDE = Comparison(
    "side",
    (
        _null("side_l IS NULL OR side_r IS NULL", "no role"),
        Level(f"{_ONE_EVENT} AND side_l = side_r", "same side of one event", 0.97, 0.65, group="one event",
              words=("both victims or both suspects", "kedua-duanya mangsa atau suspek")),
        Level(_ONE_EVENT, "victim and suspect of one event", 0.03, 0.35, group="one event",
              words=("victim in one, suspect in the other", "mangsa di satu, suspek di satu lagi")),
        Level("side_l = side_r", "same side in other events", 0.85, 0.65, group="other events",
              words=("both victims or both suspects", "kedua-duanya mangsa atau suspek")),
        Level(ELSE, "victim and suspect in other events", 0.15, 0.35, group="other events",
              words=("victim in one event, suspect in another", "mangsa dalam satu kejadian, suspek dalam yang lain")),
    ),
)  # fmt: skip

BLOCKING = (
    BlockingRule("document", "[mykad, passport, other_document]", 60),
    BlockingRule("birth_date_sound", "list_transform(sounds, lambda s: dob || '|' || s)", 60),
    BlockingRule("whole_sound", "[core || '|' || coalesce(nationality, '')]", 60),
    BlockingRule("case_sound", "list_transform(sounds, lambda s: case_no || '|' || s)", 60),
    BlockingRule("case_birth", "[case_no || '|' || birth_year]", 60),
    BlockingRule("case_people", "[case_no || '|' || coalesce(side, '')]", 25),
    BlockingRule("day_place_people", "[event_day || '|' || coalesce(state, abroad) || '|' || coalesce(sex, '')]", 25),
    BlockingRule("day_locality_people", "[event_day || '|' || locality || '|' || coalesce(sex, '')]", 25),
    BlockingRule("raid_sound", "list_transform(sounds, lambda s: raid_no || '|' || s)", 60),
    BlockingRule("event_sound",
                 "list_concat(list_transform(sounds, lambda s: 'a' || (event_day // 14) || s),"
                 " list_transform(sounds, lambda s: 'b' || ((event_day + 7) // 14) || s))", 60),
    BlockingRule("two_sounds", "sound_pairs(sounds)", 60),
    BlockingRule("birth_date", "[dob || '|' || coalesce(sex, '')]", 40),
    BlockingRule("year_sound", "list_transform(sounds, lambda s: birth_year || '|' || s)", 60),
)  # fmt: skip

_ALIKE = "nationality, side"
_DAYS_APART = 3
_DAYS_AROUND = f"ORDER BY event_day RANGE BETWEEN {_DAYS_APART} PRECEDING AND {_DAYS_APART} FOLLOWING"


def _others(column: str) -> str:
    """SQL: how many records like this one other agencies hold under the same number."""
    return (
        f"CASE WHEN {column} IS NULL THEN 0 ELSE count(*) OVER (PARTITION BY {column}, {_ALIKE})"
        f" - count(*) OVER (PARTITION BY {column}, {_ALIKE}, agency) END"
    )


def _others_around(place: str) -> str:
    """SQL: how many records like this one other agencies hold of the same days and place."""
    return (
        f"CASE WHEN event_day IS NULL OR {place} IS NULL THEN 0 ELSE"
        f" count(*) OVER (PARTITION BY {place}, {_ALIKE} {_DAYS_AROUND})"
        f" - count(*) OVER (PARTITION BY {place}, {_ALIKE}, agency {_DAYS_AROUND}) END"
    )


DEFAULT = LinkageConfig(
    name="persons-6",
    threshold=0.8,
    only_candidate_bits=2.5,
    comparisons=(NAME, BIRTH, DOCUMENT, EVENT, NATIONALITY, SEX, SIDE),
    blocking=BLOCKING,
    training_rules=(
        "l.dob = r.dob",
        "l.core = r.core AND l.case_no = r.case_no AND l.agency <> r.agency",
        "l.passport = r.passport",
        "l.mykad = r.mykad",
    ),
    term_columns=("nationality", "name_key", "core_key"),
    term_within=(("name_key", "nationality"), ("core_key", "nationality")),
    bits_columns=("sounds",),
    live_counts=(
        LiveCount(
            "list_people", f"count(*) OVER (PARTITION BY list_case, {_ALIKE}) - 1", False, ("list_case",)
        ),
        LiveCount(
            "case_people",
            f"greatest({_others('case_no')}, {_others('raid_no')})",
            True,
            ("case_no", "raid_no"),
        ),
        LiveCount("near_people", _others_around("locality"), True, ("locality",), _DAYS_APART),
        LiveCount(
            "days_people",
            _others_around("coalesce(state, abroad)"),
            True,
            ("coalesce(state, abroad)",),
            _DAYS_APART,
        ),
    ),
)
