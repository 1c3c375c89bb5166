"""Linkage: who is who across the lists of agencies.

What belongs here: normalising names and documents, choosing pairs, comparing, grouping, stable person
keys, clerical review, the NGO cross-check, estimates of the unseen population; all pure functions over
DataFrames. What does not: Dagster, files of the data home, the clock.

`link_persons` is the main verb, `evaluate` the judge, `DEFAULT` the model as data. splink is imported
only when a model is trained or applied.
"""

from mids_orchestration.linkage.evaluate import Score, evaluate
from mids_orchestration.linkage.model_config import LinkageConfig, TrainedModel
from mids_orchestration.linkage.person_model import DEFAULT
from mids_orchestration.linkage.persons import LinkageResult, link_persons

__all__ = ["DEFAULT", "LinkageConfig", "LinkageResult", "Score", "TrainedModel", "evaluate", "link_persons"]
