"""What happens: cases, boats and immigration operations, drawn from the levels.

Belongs here: events with their time, place, size and the agency that leads. Not: the persons in them (world_people),
nor what any agency writes down (agencies/*).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from . import levels
from .horizon import AKPS_ON, AMENDMENT_ON, FIRST_DAY, LAST_DAY, N_WEEKS, week_starts
from .places import draw_districts, draw_states
from .streams import Streams

EXPLOITATION = {
    "FORCED_LABOUR": 0.50, "SEXUAL": 0.30, "DOMESTIC": 0.09, "BEGGING": 0.02, "BABY": 0.02,
    "OTHER": 0.07,
}  # fmt: skip
SECTORS = {
    "FORCED_LABOUR": ["Kilang sarung tangan", "Ladang kelapa sawit", "Tapak pembinaan", "Kilang perabot",
                      "Restoran", "Kilang kitar semula", "Bot nelayan laut dalam", "Ladang sayur"],
    "SEXUAL": ["Pusat hiburan", "Rumah urut", "Hotel bajet", "Kondominium", "Kelab malam"],
    "DOMESTIC": ["Rumah kediaman"],
    "BEGGING": ["Pasar malam", "Stesen bas"], "BABY": ["Klinik swasta", "Rumah kediaman"],
    "OTHER": ["Rumah kedai", ""],
}  # fmt: skip
JOB_SCAM_SITES = {
    "KH": ["Sihanoukville", "Poipet", "Bavet", "Phnom Penh"],
    "MM": ["Myawaddy", "KK Park", "Laukkaing", "Shwe Kokko", "Tachileik"],
    "LA": ["Golden Triangle SEZ", "Bokeo"], "TH": ["Mae Sot", "Chiang Rai"], "PH": ["Pasay", "Bamban"],
    "AE": ["Dubai"],
}  # fmt: skip

ENTRY_STATES = (1, 2, 3, 4, 7, 9, 10, 12, 13)  # states with a land, sea or air entry point of weight


@dataclass
class Events:
    """Cases, boats and operations; `case.case_no` counts from 0 in order of occurrence."""

    case: pd.DataFrame
    boat: pd.DataFrame
    operation: pd.DataFrame


def negative_binomial(rng: np.random.Generator, mean: np.ndarray, k: float) -> np.ndarray:
    """Counts with the given means and variance mean + mean²/k (k > 0)."""
    rate = rng.gamma(k, np.maximum(mean, 1e-12) / k)
    return rng.poisson(rate)


def _days(rng: np.random.Generator, counts: np.ndarray, weekend: float) -> np.ndarray:
    """One day (ordinal) per event of each week; `weekend` = a weekend day's weight beside a weekday's 1."""
    weights = np.array([1, 1, 1, 1, 1, weekend, weekend])
    offsets = rng.choice(7, size=int(counts.sum()), p=weights / weights.sum())
    return np.repeat(week_starts(), counts) + offsets


def _boats(rng: np.random.Generator, scale: float) -> pd.DataFrame:
    big = _days(rng, rng.poisson(levels.boat_season() * scale), 1.0)
    small = _days(
        rng, negative_binomial(rng, np.full(N_WEEKS, levels.SMALL_BOATS_PER_WEEK * scale), 5.0), 1.0
    )
    occurred = np.concatenate([big, small])
    is_big = np.arange(len(occurred)) < len(big)
    aboard = np.where(
        is_big,
        np.clip(rng.normal(levels.BOAT_MEAN_ABOARD, 42, len(occurred)), 25, 270).round(),
        2 + negative_binomial(rng, np.full(len(occurred), 11.0), 1.5),
    ).astype(int)
    turned = rng.random(len(occurred)) < np.where(is_big, 0.3, 0.25)
    leads_to_case = ~turned & (rng.random(len(occurred)) < np.where(is_big, 0.8, 0.32))
    # Big boats reach Langkawi and Perlis; small ones cross the Straits, the South China Sea and the Sulu Sea.
    state_big = rng.choice([2, 9, 7, 8], size=len(occurred), p=[0.72, 0.15, 0.08, 0.05])
    state_small = rng.choice(
        [1, 10, 8, 7, 12, 13, 4], size=len(occurred), p=[0.4, 0.14, 0.1, 0.06, 0.2, 0.06, 0.04]
    )
    boat = pd.DataFrame(
        {
            "occurred": occurred, "is_big": is_big, "aboard": aboard,
            "crew": np.where(is_big, 1 + rng.poisson(2.0, len(occurred)), 1 + rng.poisson(0.8, len(occurred))),
            "state_code": np.where(is_big, state_big, state_small), "turned_back": turned,
            "leads_to_case": leads_to_case,
            "handed_to": rng.choice(["JIM", "PDRM", "APMM"], size=len(occurred), p=[0.45, 0.25, 0.30]),
        }
    )  # fmt: skip
    boat = boat.sort_values("occurred", kind="stable", ignore_index=True)
    boat["boat_no"] = boat.index
    return boat


def _trafficking(rng: np.random.Generator, scale: float) -> pd.DataFrame:
    counts = negative_binomial(rng, levels.weekly_mean("TIP") * scale, 8.0)
    occurred = _days(rng, counts, 0.7)
    n = len(occurred)
    akps = occurred >= AKPS_ON.toordinal()
    jim_share = np.where(akps, 0.07, 0.13)  # entry-point cases leave Immigration with the border agency
    u = rng.random(n)
    exploitation = rng.choice(list(EXPLOITATION), size=n, p=list(EXPLOITATION.values()))
    victims = negative_binomial(rng, levels.rescued_per_case(occurred), 1.3)
    sexual = exploitation == "SEXUAL"
    after = occurred >= AMENDMENT_ON.toordinal()
    child_chance = np.where(sexual, 0.2, 0.08) * np.where(after, 1.35, 1.0)
    frame = pd.DataFrame(
        {
            "crime_type": "TIP", "occurred": occurred, "state_code": draw_states(rng, "tip", n), "country": "MY",
            "exploitation": exploitation, "lead": np.where(u < jim_share, "JIM", "PDRM"),
            "is_joint": (u >= jim_share) & (rng.random(n) < 0.025),
            "n_victims": victims, "n_suspects": rng.poisson(levels.ARRESTS_PER_CASE, n), "n_migrants": 0,
            "has_child": rng.random(n) < child_chance, "boat_no": -1, "is_official": True,
        }
    )  # fmt: skip
    frame["has_child"] &= frame["n_victims"] > 0
    frame = frame.sort_values("occurred", kind="stable", ignore_index=True)
    # Some raids lead to two papers: the later case takes the raid of the one before it.
    frame["raid_no"] = np.arange(n)
    shares = (rng.random(n) < 0.07) & (frame["occurred"].diff().fillna(99) <= 4) & (np.arange(n) > 0)
    shared = [frame[column].to_numpy().copy() for column in ("raid_no", "occurred", "state_code", "lead")]
    for i in np.flatnonzero(shares).tolist():
        for values in shared:
            values[i] = values[i - 1]
    frame["raid_no"], frame["occurred"], frame["state_code"], frame["lead"] = shared
    return frame


def _smuggling(rng: np.random.Generator, scale: float, boat: pd.DataFrame) -> pd.DataFrame:
    from_boats = boat[boat["leads_to_case"]]
    weeks = (from_boats["occurred"].to_numpy() - FIRST_DAY) // 7
    expected_boats = (
        pd.Series(np.bincount(weeks, minlength=N_WEEKS)).rolling(26, center=True, min_periods=1).mean()
    )
    land_mean = np.maximum(levels.weekly_mean("SOM") * scale - expected_boats.to_numpy(), 0)
    occurred = _days(rng, negative_binomial(rng, land_mean, 10.0), 1.0)
    n = len(occurred)
    jim_share = np.where(occurred >= AKPS_ON.toordinal(), 0.16, 0.30)
    land = pd.DataFrame(
        {
            "crime_type": "SOM", "occurred": occurred, "state_code": draw_states(rng, "som", n), "country": "MY",
            "exploitation": "", "lead": np.where(rng.random(n) < jim_share, "JIM", "PDRM"), "is_joint": False,
            "n_victims": 0, "n_suspects": rng.poisson(1.2, n),
            "n_migrants": 1 + negative_binomial(rng, np.full(n, 4.5), 1.5), "has_child": False, "boat_no": -1,
            "is_official": True, "raid_no": -1,
        }
    )  # fmt: skip
    sea = pd.DataFrame(
        {
            "crime_type": "SOM", "occurred": from_boats["occurred"], "state_code": from_boats["state_code"],
            "country": "MY", "exploitation": "", "lead": from_boats["handed_to"], "is_joint": False, "n_victims": 0,
            "n_suspects": from_boats["crew"], "n_migrants": from_boats["aboard"], "has_child": False,
            "boat_no": from_boats["boat_no"], "is_official": True, "raid_no": -1,
        }
    )  # fmt: skip
    return pd.concat([land, sea], ignore_index=True)


def _job_scams(rng: np.random.Generator, scale: float) -> pd.DataFrame:
    occurred = _days(rng, negative_binomial(rng, levels.weekly_mean("JOBSCAM") * scale, 8.0), 0.6)
    n = len(occurred)
    year = np.clip((occurred - FIRST_DAY) / 365.25 + 2016.5, 2021, 2026)
    country = np.where(
        rng.random(n) < np.clip((year - 2022) * 0.22, 0.05, 0.6),
        "MM",
        rng.choice(["KH", "LA", "TH", "PH", "AE"], size=n, p=[0.72, 0.16, 0.06, 0.04, 0.02]),
    )
    return pd.DataFrame(
        {
            "crime_type": "JOBSCAM", "occurred": occurred, "state_code": draw_states(rng, "jobscam", n),
            "country": country, "exploitation": "CRIMINALITY", "lead": "KLN", "is_joint": False,
            "n_victims": 1 + rng.poisson(0.3, n), "n_suspects": 0, "n_migrants": 0,
            "has_child": rng.random(n) < 0.03, "boat_no": -1, "is_official": True, "raid_no": -1,
        }
    )  # fmt: skip


def _elsewhere(rng: np.random.Generator, scale: float) -> pd.DataFrame:
    """Cases outside the published series: what only NGOs see, and other exploitation of Malaysians abroad."""
    ngo = FIRST_DAY + rng.integers(0, LAST_DAY - FIRST_DAY, rng.poisson(2150 * scale))
    abroad = FIRST_DAY + rng.integers(0, LAST_DAY - FIRST_DAY, rng.poisson(70 * scale))
    n, m = len(ngo), len(abroad)
    labour = rng.random(n) < 0.68
    return pd.DataFrame(
        {
            "crime_type": "TIP", "occurred": np.concatenate([ngo, abroad]),
            "state_code": draw_states(rng, "tip", n + m),
            "country": np.concatenate([np.full(n, "MY"), rng.choice(["SG", "AU", "AE", "GB", "TH"], size=m)]),
            "exploitation": np.concatenate(
                [np.where(labour, "FORCED_LABOUR", rng.choice(["SEXUAL", "DOMESTIC"], size=n)),
                 rng.choice(["FORCED_LABOUR", "SEXUAL", "OTHER"], size=m)]
            ),
            "lead": np.concatenate([np.full(n, "NGO"), np.full(m, "KLN")]), "is_joint": False, "n_victims": 1,
            "n_suspects": 0, "n_migrants": 0, "has_child": rng.random(n + m) < 0.06, "boat_no": -1,
            "is_official": False, "raid_no": -1,
        }
    )  # fmt: skip


def _operations(rng: np.random.Generator, scale: float) -> pd.DataFrame:
    arrests = levels.weekly_mean("ARRESTS")
    counts = rng.poisson(levels.OPERATIONS_PER_WEEK * scale * (0.5 + 0.5 * arrests / arrests.mean()))
    occurred = _days(rng, counts, 0.8)
    n = len(occurred)
    expected = np.maximum(counts, 1)
    per_operation = np.repeat(arrests * scale / expected, counts)
    arrested = negative_binomial(rng, per_operation, 1.1)
    return pd.DataFrame(
        {
            "occurred": occurred, "state_code": draw_states(rng, "ops", n), "arrested": arrested,
            "screened": arrested + negative_binomial(rng, arrested * 2.4 + 8, 2.0),
            "employers": rng.binomial(np.maximum(arrested, 1), 0.03),
            "premises": rng.choice(
                ["Tapak pembinaan", "Restoran", "Kilang", "Pasar borong", "Ladang", "Rumah kongsi", "Pusat hiburan",
                 "Premis perniagaan", "Sekatan jalan"], size=n),
        }
    )  # fmt: skip


def _hand_to_smaller_agencies(rng: np.random.Generator, case: pd.DataFrame) -> None:
    """Give some police cases to Labour, Customs and, from 2025, the border agency; changes `lead` in place.

    Of 698 cases 2008-2013 Labour led 11 and Customs 2. The border agency's share at entry points is assumed: what
    Immigration led there before.
    """
    u = rng.random(len(case))
    police = ((case["lead"] == "PDRM") & (case["boat_no"] < 0)).to_numpy()
    tip, som = (case["crime_type"] == "TIP").to_numpy(), (case["crime_type"] == "SOM").to_numpy()
    labour = (case["exploitation"] == "FORCED_LABOUR").to_numpy()
    at_entry_point = (case["occurred"] >= AKPS_ON.toordinal()).to_numpy() & case["state_code"].isin(
        ENTRY_STATES
    )
    lead = np.select(
        [
            police & tip & labour & (u < 0.03),
            police & ((tip & (u > 0.997)) | (som & (u > 0.994))),
            police & at_entry_point & (((u > 0.2) & (u < 0.27) & tip) | ((u > 0.2) & (u < 0.38) & som)),
        ],
        ["JTK", "JKDM", "AKPS"],
        case["lead"],
    )
    case["lead"] = lead
    case["is_joint"] &= np.isin(lead, ["PDRM", "JIM"])  # only the police and Immigration run joint raids here


def build_events(streams: Streams, scale: float) -> Events:
    """Draw all events of ten years.

    `scale` multiplies how many there are, not how big each is.
    """
    boat = _boats(streams.array("world.boats"), scale)
    parts = [
        _trafficking(streams.array("world.trafficking"), scale),
        _smuggling(streams.array("world.smuggling"), scale, boat),
        _job_scams(streams.array("world.jobscam"), scale),
        _elsewhere(streams.array("world.elsewhere"), scale),
    ]
    case = pd.concat(parts, ignore_index=True).sort_values("occurred", kind="stable", ignore_index=True)
    case["case_no"] = case.index
    _hand_to_smaller_agencies(streams.array("world.leads"), case)
    rng = streams.array("world.places")
    case["district"] = draw_districts(rng, case["state_code"].to_numpy())
    pick = rng.random(len(case))
    case["sector"] = [
        SECTORS[e][int(u * len(SECTORS[e]))] if c == "MY" and e else JOB_SCAM_SITES.get(c, [""])[
            int(u * len(JOB_SCAM_SITES.get(c, [""])))]
        for e, c, u in zip(case["exploitation"], case["country"], pick, strict=True)
    ]  # fmt: skip
    operation = _operations(streams.array("world.operations"), scale)
    return Events(case, boat, operation)
