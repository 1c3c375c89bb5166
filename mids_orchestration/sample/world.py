"""The whole truth of one sample: events, persons, prosecutions, and whose desk each of them reaches.

Belongs here: putting the parts together and the contacts between persons and agencies (which make the overlap of
the lists). Not: what is written on those desks (agencies/*).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .horizon import AKPS_ON
from .streams import Streams
from .world_cases import ENTRY_STATES, Events, build_events
from .world_law import Prosecution, build_prosecutions
from .world_people import People, Person, build_people

# Chances that a desk hears of a job-scam report, and that an NGO also meets a person. Chosen so that 5-9 % of all
# persons on any list are on two or more (other countries' lists: United Kingdom 9.2 %, Netherlands 5.3 %,
# New Orleans 7.0 %); a test measures the result.
KLN_HEARS, PDRM_HEARS = 0.84, 0.42
NGO_MEETS = {"JOBSCAM": 0.10, "OFFICIAL": 0.026}

# Shares of police cases that Labour, Customs and the border agency found first (assumed).
LABOUR_FINDS, CUSTOMS_FINDS, BORDER_FINDS = 0.05, 0.02, 0.05


@dataclass
class World:
    """Everything that is true.

    `case` carries in_<agency> for PDRM, JIM, APMM, KLN, JKDM, JTK and AKPS; `people.part` carries in_ngo.
    """

    streams: Streams
    events: Events
    people: People
    prosecutions: list[Prosecution]

    @property
    def case(self) -> pd.DataFrame:
        """Cases; the index is case_no."""
        return self.events.case

    def person(self, no: int) -> Person:
        """The person with a number."""
        return self.people.person[no]


def build_world(streams: Streams, scale: float) -> World:
    """Draw the world. `scale` multiplies the number of events."""
    events = build_events(streams, scale)
    case = events.case
    rng = streams.array("world.contacts")
    scam = (case["crime_type"] == "JOBSCAM").to_numpy()
    kln = rng.random(len(case)) < KLN_HEARS
    pdrm = rng.random(len(case)) < PDRM_HEARS
    lead = case["lead"].to_numpy()
    case["in_kln"] = np.where(scam, kln | ~pdrm, lead == "KLN")
    case["in_pdrm"] = np.where(scam, pdrm, lead == "PDRM")
    case["in_jim"] = (lead == "JIM") | case["is_joint"].to_numpy()
    case["in_apmm"] = case["boat_no"].to_numpy() >= 0
    # What the police investigate may have been found by another desk, which writes it down too.
    found = streams.array("world.found").random(len(case))
    ashore = (lead == "PDRM") & (case["boat_no"].to_numpy() < 0)
    labour = ashore & (case["exploitation"] == "FORCED_LABOUR").to_numpy()
    smuggled = ashore & (case["crime_type"] == "SOM").to_numpy()
    since_akps = case["occurred"].to_numpy() >= AKPS_ON.toordinal()
    entry = np.isin(case["state_code"].to_numpy(), ENTRY_STATES)
    case["in_jtk"] = (lead == "JTK") | (labour & (found < LABOUR_FINDS))
    case["in_jkdm"] = (lead == "JKDM") | (smuggled & (found < CUSTOMS_FINDS))
    case["in_akps"] = (lead == "AKPS") | (smuggled & since_akps & entry & (found > 1 - BORDER_FINDS))

    people = build_people(streams, case, events.boat)
    part = people.part
    u = rng.random(len(part))
    part["in_ngo"] = (
        (part["lead"] == "NGO")
        | ((part["crime_type"] == "JOBSCAM") & (u < NGO_MEETS["JOBSCAM"]))
        | ((part["role"] == "VICTIM") & (part["lead"] != "NGO") & (u < NGO_MEETS["OFFICIAL"]))
    )
    return World(streams, events, people, build_prosecutions(streams, part, case))
