"""Under every chart: where its numbers come from, as of when, and how sure they are.

Belongs here: which tables and which sentence a chart has. Does not belong here: the words (labels.yml).
"""

from __future__ import annotations

from datetime import date

from mids_orchestration.release.dashboard.panels import table_of_ranking
from mids_orchestration.release.dashboard.words import both_days, say
from mids_orchestration.release.model import Bilingual

#: By the first word of a chart's id: its tables in the release, and how sure its numbers are.
_OF = {
    "trend": ("fct_weekly_count, fct_nowcast, fct_forecast", "sure_band"),
    "states": ("fct_weekly_count, fct_victim_state_year, fct_population", "sure_rate"),
    "children": ("fct_victim_child_sex_year", "sure_count"),
    "effect": ("fct_intervention_effect", "sure_effect"),
    "check": ("fct_cross_check_year", "sure_link"),
    "scam": ("fct_published_figure", "sure_said"),
    "funnel": ("fct_case_funnel_year", "sure_count"),
    "lags": ("fct_case_lag_year", "sure_lag"),
    "scenario": ("fct_scenario_change", "sure_scenario"),
    "allocation": ("fct_allocation", "sure_scenario"),
    "skill": ("fct_forecast_score", "sure_score"),
    "quality": ("dq_feed_week", "sure_receipt"),
}


def source_line(chart: str, as_of: date) -> Bilingual:
    """The line under the chart of that id."""
    first, _, rest = chart.partition("-")
    tables, sure = (table_of_ranking(rest.partition("-")[0]), "sure_count") if first == "who" else _OF[first]
    return say("source_line", tables=tables, as_of=both_days(as_of), sure=say(sure))


__all__ = ["source_line"]
