"""The last cycle in words a person can read, and the same as a dictionary for a script.

Belongs here: gathering what receipts, the cycle's record and the release say, and laying it out. Does not
belong here: computing any of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from expectations.contract import Contract
from mids_orchestration.calendar import week_label
from mids_orchestration.cycle import CycleRecord
from mids_orchestration.landing import Receipt, read_receipts
from mids_orchestration.landing.totals import totals
from mids_orchestration.release import current_release, last_refusal, open_release
from mids_orchestration.release.refusal import refusal_lines
from mids_orchestration.settings import Settings

_CRIME = {
    "TIP": "trafficking / pemerdagangan",
    "SOM": "smuggling / penyeludupan",
    "JOBSCAM": "job scams / tipu kerja",
}
_NEXT_WEEKS = """
    select unique_id, any_value(crime_type_code) as crime_type, target_week,
           max(value) filter (where quantile = 0.1) as low,
           max(value) filter (where quantile = 0.5) as mid,
           max(value) filter (where quantile = 0.9) as high
    from fct_forecast as forecast
    where (as_of_week, revision) = (select (as_of_week, revision) from fct_forecast
                                    order by as_of_week desc, revision desc limit 1)
      and horizon = 1 and unique_id not like '%/%/%'
    group by all
    order by unique_id
"""


def as_dict(
    settings: Settings, record: CycleRecord, contracts: Mapping[str, Contract], *, ran: bool
) -> dict[str, Any]:
    """Everything :func:`render` says, as plain JSON values."""
    release = current_release(settings.releases)
    return {
        "home": str(settings.home),
        "as_of": record.as_of,
        "ran": ran,
        "succeeded": record.succeeded,
        "seconds": record.seconds,
        "run_id": record.run_id,
        "feeds": _feeds(settings, contracts),
        "checks": {
            "passed": sum(check["passed"] for check in record.checks),
            "failed": record.failed_checks,
        },
        "failed_steps": record.failed_steps,
        "release": release.release_id if release else None,
        "refused": last_refusal(settings.releases),
        "tables": dict(release.tables) if release else {},
        "stale_feeds": [f"{s.agency}/{s.feed}" for s in release.feeds if s.status == "stale"]
        if release
        else [],
        "next_week": _next_week(settings) if release else [],
        "dashboard": str(settings.releases / "current" / "dashboard.html") if release else None,
    }


def render(settings: Settings, record: CycleRecord, contracts: Mapping[str, Contract], *, ran: bool) -> str:
    """The summary that ends ``mids run`` and answers ``mids status``."""
    facts = as_dict(settings, record, contracts, ran=ran)
    lines = [_headline(facts), "", *_feed_lines(facts["feeds"]), "", *_check_lines(facts)]
    if facts["refused"]:
        lines += ["", *refusal_lines(facts["refused"], current_release(settings.releases))]
    if facts["release"]:
        lines += ["", *_release_lines(facts), "", *_projection_lines(facts["next_week"])]
        lines += ["", f"Dashboard     {facts['dashboard']}"]
    lines += ["Next          make dev   (Dagster UI: the graph, every run and check)"]
    lines += ['              mids sql "from fct_weekly_count limit 5"']
    return "\n".join(lines)


def _headline(facts: dict[str, Any]) -> str:
    if not facts["succeeded"]:
        return f"MIDS as of {facts['as_of']}: the cycle did NOT finish; the last release stands."
    if facts["ran"]:
        return f"MIDS as of {facts['as_of']}: cycle finished in {facts['seconds']:.0f} s."
    return f"MIDS as of {facts['as_of']}: nothing new; the release stands as it is."


def _feeds(settings: Settings, contracts: Mapping[str, Contract]) -> list[dict[str, Any]]:
    receipts = read_receipts(settings.home)
    rows = []
    for contract in contracts.values():
        mine = [r for r in receipts if (r.agency, r.feed) == (contract.agency, contract.feed)]
        for record in contract.records:
            rows.append(_feed_row(contract, record.name, mine))
    return rows


def _feed_row(contract: Contract, record: str, receipts: list[Receipt]) -> dict[str, Any]:
    accepted = [r for r in receipts if r.status == "accepted" and record in r.tables]
    known = [r.known_on for r in accepted if r.known_on]
    total = totals(receipts, record)
    return {
        "feed": f"{contract.agency}/{contract.feed}",
        "table": f"{contract.agency}__{record}",
        "deliveries": total.deliveries,
        "refused": sum(r.status == "refused" for r in receipts),
        "received": total.received,
        "accepted": total.accepted,
        "quarantined": total.quarantined,
        "let_in": total.let_in,
        "balanced": total.balanced and all(r.tables[record].balanced for r in accepted),
        "newest": max(known).isoformat() if known else None,
    }


def _feed_lines(rows: list[dict[str, Any]]) -> list[str]:
    head = f"{'Received':<34}{'deliveries':>11}{'received':>10}  = {'accepted':>9} + {'quarantined':>11}   newest"
    lines = [head]
    for row in rows:
        if not row["deliveries"] and not row["refused"]:
            continue
        balance = "=" if row["balanced"] else "≠"
        refused = f"   {row['refused']} refused" if row["refused"] else ""
        refused += f"   {row['let_in']:,} let in from quarantine" if row["let_in"] else ""
        lines.append(
            f"  {row['table']:<32}{row['deliveries']:>11,}{row['received']:>10,}  {balance} "
            f"{row['accepted']:>9,} + {row['quarantined']:>11,}   {row['newest'] or '-'}{refused}"
        )
    silent = [row["feed"] for row in rows if not row["deliveries"] and not row["refused"]]
    if silent:
        lines.append(f"  nothing received yet: {', '.join(dict.fromkeys(silent))}")
    return lines


def _check_lines(facts: dict[str, Any]) -> list[str]:
    failed = facts["checks"]["failed"]
    gates = [check for check in failed if check["severity"] == "ERROR"]
    lines = [
        f"Checks        {facts['checks']['passed']:,} passed, {len(gates)} gates failed, "
        f"{len(failed) - len(gates)} watches warn"
    ]
    lines += [f"  {c['severity']:<6}{c['asset']}: {c['name']}  {c['said']}".rstrip() for c in failed]
    lines += [f"  STEP  {step['step']}: {step['message']}" for step in facts["failed_steps"]]
    return lines


def _release_lines(facts: dict[str, Any]) -> list[str]:
    tables = facts["tables"]
    lines = [f"Release       {facts['release']}   {len(tables)} tables, {sum(tables.values()):,} rows"]
    lines += [f"  {name:<32}{rows:>11,}" for name, rows in sorted(tables.items())]
    if facts["stale_feeds"]:
        lines.append(f"  stale: {', '.join(facts['stale_feeds'])}")
    return lines


def _next_week(settings: Settings) -> list[dict[str, Any]]:
    with open_release(settings.releases) as connection:
        frame = connection.execute(_NEXT_WEEKS).df()
    return json.loads(frame.to_json(orient="records", date_format="iso"))


def _projection_lines(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return ["Projection    none in this release"]
    from datetime import date

    week = date.fromisoformat(str(rows[0]["target_week"])[:10])
    lines = [f"Projection    cases in {week_label(week)} (week of {week}), median and 80 % interval"]
    for row in rows:
        name = _CRIME.get(row["crime_type"], "")
        lines.append(
            f"  {row['crime_type']:<9}{name:<30}{row['mid']:>6.1f}   [{row['low']:.1f} to {row['high']:.1f}]"
        )
    return lines
