"""A small invented population with known truth, for tests of linkage only.

Independent of the sample agencies, so that linkage is not tuned on the same simulator it is shown on.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

MALE = {
    "MY": [
        "Ahmad",
        "Faizal",
        "Hafiz",
        "Azlan",
        "Rizal",
        "Zulkifli",
        "Kamarul",
        "Syafiq",
        "Hisham",
        "Nazri",
        "Ridzuan",
        "Shahrul",
        "Amir",
        "Farid",
        "Iskandar",
    ],
    "IN": [
        "Kuppusamy",
        "Subramaniam",
        "Muniandy",
        "Raju",
        "Segaran",
        "Ganesan",
        "Prakash",
        "Suresh",
        "Murugan",
        "Vijay",
        "Anbu",
        "Selvam",
        "Kumaran",
    ],
    "CN": [
        "Ah-Kow",
        "Wei-Ming",
        "Chee-Keong",
        "Kok-Leong",
        "Boon-Huat",
        "Jun-Jie",
        "Zhi-Hao",
        "Kah-Wai",
        "Yew-Seng",
        "Chin-Hock",
    ],
    "BD": [
        "Rafiqul",
        "Shafiq",
        "Jahid",
        "Jakir",
        "Alamgir",
        "Sohel",
        "Mamun",
        "Rashed",
        "Kamal",
        "Belal",
        "Sumon",
        "Faruk",
        "Nazrul",
        "Anwar",
        "Liton",
    ],
    "MM": [
        "Aung",
        "Kyaw",
        "Htun",
        "Zaw",
        "Min",
        "Tin",
        "Myint",
        "Thein",
        "Naing",
        "Soe",
        "Win",
        "Moe",
        "Lwin",
        "Tun",
        "Hlaing",
    ],
    "RO": [
        "Rofik",
        "Hamid",
        "Nurul-Amin",
        "Zahid",
        "Yunus",
        "Ismail",
        "Salim",
        "Kalam",
        "Shomsu",
        "Osman",
        "Sultan",
        "Jubair",
        "Kobir",
        "Anayet",
    ],
    "ID": [
        "Sutrisno",
        "Bambang",
        "Slamet",
        "Wahyudi",
        "Suparman",
        "Agus",
        "Joko",
        "Hendra",
        "Sugeng",
        "Paijo",
        "Mulyadi",
        "Darsono",
    ],
    "VN": ["Minh", "Hùng", "Dũng", "Tuấn", "Long", "Quang", "Thắng", "Bảo", "Khánh", "Sơn"],
    "NP": ["Ram", "Bikash", "Suman", "Dipak", "Krishna", "Prakash", "Santosh", "Rajesh", "Bishnu", "Gopal"],
    "PH": [
        "Jose",
        "Ramon",
        "Eduardo",
        "Reynaldo",
        "Marlon",
        "Jayson",
        "Arnel",
        "Rodel",
        "Danilo",
        "Ferdinand",
    ],
}
FEMALE = {
    "MY": [
        "Aishah",
        "Fatimah",
        "Zainab",
        "Hayati",
        "Aminah",
        "Rokiah",
        "Zaleha",
        "Farah",
        "Izzati",
        "Shuhada",
        "Nadia",
        "Suraya",
        "Haliza",
    ],
    "IN": [
        "Letchumi",
        "Devi",
        "Kavitha",
        "Priya",
        "Saraswathy",
        "Meena",
        "Shanti",
        "Vasanthi",
        "Malar",
        "Pushpa",
    ],
    "CN": [
        "Mei-Ling",
        "Siew-Lan",
        "Li-Hua",
        "Pui-Yee",
        "Bee-Hoon",
        "Xin-Yi",
        "Swee-Lian",
        "Yoke-Fong",
        "Ai-Ling",
    ],
    "BD": ["Ayesha", "Salma", "Rahima", "Shirin", "Nasima", "Parvin", "Moriom", "Rokeya", "Jorina", "Halima"],
    "MM": ["Hla", "Khin", "Nwe", "Thida", "Sandar", "Aye", "Yin", "May", "Phyu", "Su"],
    "RO": ["Nur-Jahan", "Senowara", "Fatema", "Hasina", "Rohima", "Somuda", "Toslima", "Minara", "Sobika"],
    "ID": [
        "Sri",
        "Wati",
        "Yuniarti",
        "Sumiati",
        "Kartini",
        "Dewi",
        "Lestari",
        "Ningsih",
        "Rahayu",
        "Suyanti",
    ],
    "VN": ["Lan", "Hương", "Đào", "Hoa", "Trang", "Ngọc", "Thảo", "Yến", "Mai", "Phượng"],
    "NP": ["Sita", "Gita", "Maya", "Sunita", "Laxmi", "Kamala", "Anita", "Sarita", "Bimala"],
    "PH": ["Maria", "Analyn", "Jocelyn", "Rowena", "Marites", "Liezl", "Gemma", "Cherry", "Rosalie"],
}
FAMILY = {
    "CN": [
        "Tan",
        "Lim",
        "Wong",
        "Lee",
        "Ong",
        "Goh",
        "Chong",
        "Low",
        "Yap",
        "Chua",
        "Koh",
        "Foo",
        "Yeoh",
        "Cheah",
    ],
    "VN": ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng", "Bùi"],
    "NP": ["Tamang", "Gurung", "Rai", "Thapa", "Magar", "Shrestha", "Chaudhary"],
    "PH": [
        "Dela-Cruz",
        "Santos",
        "Reyes",
        "Garcia",
        "Bautista",
        "Mendoza",
        "Villanueva",
        "Ramos",
        "Aquino",
        "Castillo",
    ],
}
CITIZEN = {
    "MY": "MY",
    "IN": "MY",
    "CN": "MY",
    "BD": "BD",
    "MM": "MM",
    "RO": "MM",
    "ID": "ID",
    "VN": "VN",
    "NP": "NP",
    "PH": "PH",
}
SHARE = {
    "MY": 0.12,
    "IN": 0.06,
    "CN": 0.08,
    "BD": 0.16,
    "MM": 0.12,
    "RO": 0.14,
    "ID": 0.18,
    "VN": 0.05,
    "NP": 0.04,
    "PH": 0.05,
}
CHANGES = (
    ("mohd", "muhammad"),
    ("oo", "u"),
    ("ah", "a"),
    ("z", "j"),
    ("i", "ee"),
    ("sy", "sh"),
    ("f", "ph"),
    ("hussain", "hossen"),
)
STATES = ["10", "14", "01", "12", "13", "07", "08", "02"]


def name_of(rng: np.random.Generator, form: str, sex: str) -> str:
    given = (MALE if sex == "M" else FEMALE)[form]
    one = lambda pool: str(rng.choice(pool)).replace("-", " ")  # noqa: E731
    if form == "MY":
        head = (
            ("Mohd " if rng.random() < 0.5 else "")
            if sex == "M"
            else ("Nur " if rng.random() < 0.4 else "Siti " if rng.random() < 0.4 else "")
        )
        return f"{head}{one(given)} {'bin' if sex == 'M' else 'binti'} {one(MALE['MY'])} {one(MALE['MY'])}"
    if form == "IN":
        return f"{one(given)} {'a/l' if sex == 'M' else 'a/p'} {one(MALE['IN'])}"
    if form in FAMILY:
        middle = {"VN": "Văn " if sex == "M" else "Thị ", "NP": "Bahadur " if sex == "M" else "Kumari "}.get(
            form, ""
        )
        if form in ("CN", "VN"):
            return f"{one(FAMILY[form])} {middle}{one(given)}"
        return f"{one(given)} {middle}{one(FAMILY[form])}"
    if form == "BD":
        return (
            f"Md {one(given)} {one(MALE['BD'])}"
            if sex == "M"
            else f"Mst {one(given)} {rng.choice(['Begum', 'Khatun', 'Akter'])}"
        )
    if form == "MM":
        return " ".join(one(given) for _ in range(int(rng.integers(2, 4))))
    if form == "RO":
        return (
            f"{rng.choice(['Mohammad', 'Abdul', 'Nur'])} {one(given)}"
            if sex == "M"
            else f"{one(given)} {rng.choice(['Begum', 'Bibi', 'Khatun'])}"
        )
    return one(given) if rng.random() < 0.3 else f"{one(given)} {one(MALE['ID'])}"


def vary(rng: np.random.Generator, name: str, rate: float = 0.35) -> str:
    """The name as another clerk would write it."""
    out = name
    if rng.random() < rate:
        old, new = CHANGES[int(rng.integers(len(CHANGES)))]
        out = out.lower().replace(old, new) if rng.random() < 0.5 else out.lower().replace(new, old)
    if rng.random() < 0.06 and len(out) > 5:
        i = int(rng.integers(1, len(out) - 1))
        out = out[:i] + out[i + 1 :] if rng.random() < 0.5 else out[:i] + out[i + 1] + out[i] + out[i + 2 :]
    words = out.split()
    if rng.random() < 0.07 and len(words) > 2:
        words = [*words[1:], words[0]]
    if rng.random() < 0.05 and len(words) > 2:
        words = words[:-1]
    out = " ".join(words)
    return out.upper() if rng.random() < 0.6 else out.title()


def make_population(
    persons: int = 6000, seed: int = 7, overlap: float = 0.07
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (persons frame as cnf_person, truth person_record_id → true_person_id, group = name form)."""
    rng = np.random.default_rng(seed)
    forms, weights = list(SHARE), np.array(list(SHARE.values()))
    rows, truth = [], []
    first = dt.date(2022, 1, 3)
    for person in range(persons):
        form = str(rng.choice(forms, p=weights / weights.sum()))
        sex = "F" if rng.random() < 0.45 else "M"
        name = name_of(rng, form, sex)
        born = dt.date(1965, 1, 1) + dt.timedelta(days=int(rng.integers(0, 40 * 365)))
        if form == "RO" and rng.random() < 0.6:
            born = dt.date(born.year, 1, 1)
        case = person // 6
        crng = np.random.default_rng(seed * 1_000_003 + case)
        event = first + dt.timedelta(days=int(crng.integers(0, 4 * 365)))
        state = str(crng.choice(STATES))
        document = None
        if CITIZEN[form] == "MY":
            serial = int(rng.integers(0, 500)) * 2 + (1 if sex == "M" else 0)
            document = (
                "mykad",
                f"{born:%y%m%d}-{int(rng.integers(1, 15)):02d}-{int(rng.integers(0, 10))}{serial:03d}",
            )
        elif form != "RO" and rng.random() < 0.5:
            document = (
                "passport",
                f"{'ABEP'[int(rng.integers(4))]}{int(rng.integers(1_000_000, 9_999_999))}",
            )
        lists = ["PDRM"]
        if rng.random() < overlap:
            lists.append(str(rng.choice(["JIM", "NGO", "AGC", "PDRM2"])))
        for agency in lists:
            again = agency == "PDRM2"
            when = event + dt.timedelta(
                days=int(rng.integers(200, 900)) if again else int(rng.integers(0, 4))
            )
            rid = f"{agency}-{person:06d}"
            has_doc = document is not None and rng.random() < (0.8 if agency == "PDRM" else 0.65)
            number = document[1] if document and has_doc else None
            if number and rng.random() < 0.04:
                i = int(rng.integers(1, len(number) - 1))
                number = number[:i] + str(rng.integers(10)) + number[i + 1 :]
            shown: dt.date | None = born
            precision = "day"
            roll = rng.random()
            if roll < 0.08:
                shown, precision = dt.date(born.year, 1, 1), "year"
            elif roll < 0.13:
                shown, precision = None, "unknown"
            elif roll < 0.17 and born.day <= 12:
                shown = dt.date(born.year, born.day, born.month)
            rows.append(
                {
                    "person_record_id": rid,
                    "source_agency_code": agency[:4].rstrip("2"),
                    "source_record": "persons",
                    "source_case_no": f"{agency}{case}" if not again else f"again{person}",
                    "case_no_norm": None if again or agency == "NGO" else f"C{case}",
                    "role_code": "VICTIM" if case % 3 else "SUSPECT",
                    "full_name": vary(rng, name),
                    "sex_code": "U" if rng.random() < 0.05 else sex,
                    "birth_date": shown,
                    "birth_date_precision": precision,
                    "age_years": when.year - born.year if rng.random() < 0.7 else None,
                    "nationality_code": "XX" if rng.random() < 0.04 else CITIZEN[form],
                    "document_type": document[0] if number and document else "none",
                    "document_no": number,
                    "state_code": state if not again else str(rng.choice(STATES)),
                    "country_code": "MY",
                    "event_on": when,
                    "raid_no": None,
                    "known_on": when + dt.timedelta(days=20),
                }
            )
            truth.append((rid, f"T{person}", form))
    return pd.DataFrame(rows), pd.DataFrame(truth, columns=["person_record_id", "true_person_id", "group"])
