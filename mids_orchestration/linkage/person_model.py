"""The default model for persons of the agencies' records.

What belongs here: which columns of `prepare_persons` are compared, at which levels, with which stored
probabilities, and which pairs are looked at. What does not: how it is run.

Four decisions that a reader should know:
- Case number, raid number, date and place of event are ONE comparison. They depend on each other
  (people of one raid share all of them), and four separate agreements would be counted four times.
- Two records of one case in one agency's own list are two people: an agency numbers the people of a
  case. Such pairs are never formed (`cannot_link_sql`).
- Two different MyKad numbers with one birth date count against a match: the six digits they share are
  the birth date over again, which its own comparison has already counted.
- u of the document levels is stored, not sampled: equal numbers among different people are typing
  errors, far rarer than the true matches that any random sample contains.
"""

from __future__ import annotations

from mids_orchestration.linkage.model_config import BlockingRule, Comparison, Level, LinkageConfig

ELSE = "ELSE"


def _null(sql: str, label: str) -> Level:
    return Level(sql, label, words=("not known for both", "tidak diketahui bagi kedua-duanya"))


_SHARED = "shared_bits(sounds_l, sound_bits_l, sounds_r)"
_SUBSET = "len(list_intersect(sounds_l, sounds_r)) = least(len(sounds_l), len(sounds_r))"

NAME = Comparison(
    "name",
    (
        _null("sound_l IS NULL OR sound_r IS NULL", "no name"),
        Level("name_l = name_r", "same name", 0.45, 3e-5, tf_column="name",
              words=("same name", "nama sama")),
        Level("sound_l = sound_r", "same sound", 0.15, 4e-5, tf_column="sound",
              words=("name sounds the same", "nama sebunyi")),
        Level(f"{_SUBSET} AND {_SHARED} >= 15", "one name contains the other, rare words", 0.15, 5e-6,
              words=("one name contains the other (rare words)", "satu nama mengandungi yang lain (jarang)")),
        Level("jaro_winkler_similarity(name_l, name_r) >= 0.94", "near spelling", 0.07, 5e-5,
              words=("names differ by a letter or two", "nama berbeza satu dua huruf")),
        Level(f"{_SHARED} >= 15", "two rare words shared", 0.04, 3e-5,
              words=("names share rare words", "nama berkongsi perkataan jarang")),
        Level(f"{_SUBSET} AND {_SHARED} >= 8", "one name contains the other", 0.05, 2e-4,
              words=("one name contains the other", "satu nama mengandungi yang lain")),
        Level("jaro_winkler_similarity(name_l, name_r) >= 0.87", "similar spelling", 0.03, 2e-3,
              words=("names look alike", "nama hampir serupa")),
        Level(f"{_SHARED} >= 7", "a word shared", 0.03, 1e-2,
              words=("names share a word", "nama berkongsi satu perkataan")),
        Level(ELSE, "different name", 0.03, 0.98,
              words=("different name", "nama berbeza")),
    ),
)  # fmt: skip

_FULL = "dob_l IS NOT NULL AND dob_r IS NOT NULL"
_GAP = "abs(birth_year_l - birth_year_r)"
BIRTH = Comparison(
    "birth",
    (
        _null("birth_year_l IS NULL OR birth_year_r IS NULL", "no birth year"),
        Level("dob_l = dob_r", "same birth date", 0.62, 6e-5,
              words=("same birth date", "tarikh lahir sama")),
        Level(f"{_FULL} AND (damerau_levenshtein(dob_l, dob_r) <= 1 OR day_month_swapped(dob_l, dob_r))",
              "birth date one slip apart", 0.06, 6e-4,
              words=("birth dates one slip apart", "tarikh lahir tersilap satu angka")),
        Level(f"NOT ({_FULL}) AND {_GAP} = 0", "same birth year, date not known", 0.12, 0.012,
              words=("same birth year", "tahun lahir sama")),
        Level(f"NOT ({_FULL}) AND {_GAP} <= 2", "birth years two apart at most", 0.10, 0.045,
              words=("birth years within two years", "tahun lahir dalam dua tahun")),
        Level(f"{_GAP} <= 2", "full dates differ, years within two", 0.04, 0.09,
              words=("birth dates differ within two years", "tarikh lahir berbeza dalam dua tahun")),
        Level(f"{_GAP} <= 6", "years within six", 0.04, 0.22,
              words=("birth years within six years", "tahun lahir dalam enam tahun")),
        Level(ELSE, "different birth year", 0.02, 0.64,
              words=("different birth year", "tahun lahir berbeza")),
    ),
)  # fmt: skip

DOCUMENT = Comparison(
    "document",
    (
        Level("mykad_l = mykad_r OR passport_l = passport_r OR other_document_l = other_document_r",
              "same number", 0.80, 1e-8, fixed_u=True,
              words=("same document number", "nombor dokumen sama")),
        Level("damerau_levenshtein(mykad_l, mykad_r) <= 1 OR damerau_levenshtein(passport_l, passport_r) <= 1"
              " OR damerau_levenshtein(other_document_l, other_document_r) <= 1",
              "number one slip apart", 0.12, 2e-7, fixed_u=True,
              words=("document numbers one slip apart", "nombor dokumen tersilap satu aksara")),
        _null("(mykad_l IS NULL OR mykad_r IS NULL) AND (passport_l IS NULL OR passport_r IS NULL)"
              " AND (other_document_l IS NULL OR other_document_r IS NULL)", "no shared kind of document"),
        Level("mykad_l IS NOT NULL AND mykad_r IS NOT NULL AND substr(mykad_l, 1, 6) = substr(mykad_r, 1, 6)",
              "MyKad of the same birth date", 0.01, 0.08, fixed_m=True, fixed_u=True,
              words=("different MyKad with the same birth date", "MyKad berbeza, tarikh lahir sama")),
        Level("mykad_l IS NOT NULL AND mykad_r IS NOT NULL", "different MyKad", 0.01, 0.3, fixed_m=True,
              words=("different MyKad numbers", "nombor MyKad berbeza")),
        Level(ELSE, "different passport or file", 0.05, 0.7,
              words=("different passports", "pasport berbeza")),
    ),
)  # fmt: skip

_DAYS = "abs(event_day_l - event_day_r)"
EVENT = Comparison(
    "event",
    (
        _null("event_day_l IS NULL OR event_day_r IS NULL", "no event date"),
        Level("case_no_l = case_no_r OR raid_no_l = raid_no_r", "same case or raid", 0.45, 5e-4,
              words=("same case or raid number", "nombor kes atau serbuan sama")),
        Level(f"{_DAYS} <= 3 AND place_l = place_r", "same days, same place", 0.15, 5e-4,
              words=("event within three days at the same place", "kejadian dalam tiga hari di tempat sama")),
        Level(f"{_DAYS} <= 30 AND place_l = place_r", "same month, same place", 0.08, 2e-3,
              words=("event within a month at the same place", "kejadian dalam sebulan di tempat sama")),
        Level(f"{_DAYS} <= 30", "same month, other place", 0.06, 0.015,
              words=("event within a month elsewhere", "kejadian dalam sebulan di tempat lain")),
        Level("place_l = place_r", "same place, other time", 0.10, 0.11,
              words=("same place at another time", "tempat sama pada masa lain")),
        Level(ELSE, "other time and place", 0.16, 0.87,
              words=("another time and place", "masa dan tempat lain")),
    ),
)  # fmt: skip

NATIONALITY = Comparison(
    "nationality",
    (
        _null("nationality_l IS NULL OR nationality_r IS NULL", "no nationality"),
        Level("nationality_l = nationality_r", "same nationality", 0.95, 0.15, tf_column="nationality",
              words=("same nationality", "warganegara sama")),
        Level("least(nationality_l, nationality_r) IN ('BD') AND greatest(nationality_l, nationality_r)"
              " IN ('MM')", "Bangladesh and Myanmar", 0.01, 0.05,
              words=("Bangladesh and Myanmar", "Bangladesh dan Myanmar")),
        Level(ELSE, "different nationality", 0.04, 0.80,
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

SIDE = Comparison(
    "side",
    (
        _null("side_l IS NULL OR side_r IS NULL", "no role"),
        Level("side_l = side_r", "same side", 0.97, 0.65,
              words=("both victims or both suspects", "kedua-duanya mangsa atau suspek")),
        Level(ELSE, "victim and suspect", 0.03, 0.35,
              words=("victim in one, suspect in the other", "mangsa di satu, suspek di satu lagi")),
    ),
)  # fmt: skip

BLOCKING = (
    BlockingRule("document", "[mykad, passport, other_document]", 60),
    BlockingRule("birth_date_sound", "list_transform(sounds, lambda s: dob || '|' || s)", 60),
    BlockingRule("whole_sound", "[sound || '|' || coalesce(nationality, '')]", 60),
    BlockingRule("case_sound", "list_transform(sounds, lambda s: case_no || '|' || s)", 60),
    BlockingRule("case_birth", "[case_no || '|' || birth_year]", 60),
    BlockingRule("raid_sound", "list_transform(sounds, lambda s: raid_no || '|' || s)", 60),
    BlockingRule("event_sound",
                 "list_concat(list_transform(sounds, lambda s: 'a' || (event_day // 14) || place || s),"
                 " list_transform(sounds, lambda s: 'b' || ((event_day + 7) // 14) || place || s))", 60),
    BlockingRule("two_sounds", "sound_pairs(sounds)", 60),
    BlockingRule("birth_date", "[dob || '|' || coalesce(sex, '')]", 40),
    BlockingRule("year_sound", "list_transform(sounds, lambda s: birth_year || '|' || s)", 60),
)  # fmt: skip

DEFAULT = LinkageConfig(
    name="persons-1",
    comparisons=(NAME, BIRTH, DOCUMENT, EVENT, NATIONALITY, SEX, SIDE),
    blocking=BLOCKING,
    training_rules=(
        "l.dob = r.dob",
        "l.sound = r.sound",
        "l.passport = r.passport",
        "l.mykad = r.mykad",
    ),
    cannot_link_sql="l.list_case = r.list_case",
    term_columns=("name", "sound", "nationality"),
    bits_columns=("sounds",),
)
