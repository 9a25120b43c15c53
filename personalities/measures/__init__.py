"""Measures of a collection: how far apart its personalities are, and how well their documents read. Pure."""

from personalities.measures.births import SlotDistances, distinct_bands, slot_distances
from personalities.measures.evaluation import Evaluation, Likeness, Measure, evaluate
from personalities.measures.grams import Grams, boilerplate
from personalities.measures.names import Closest, closest_names, collisions
from personalities.measures.neighbours import Neighbours, Pair, nearest, shared_passages
from personalities.measures.prose import Prose, prose

__all__ = [
    "Closest",
    "Evaluation",
    "Grams",
    "Likeness",
    "Measure",
    "Neighbours",
    "Pair",
    "Prose",
    "SlotDistances",
    "boilerplate",
    "closest_names",
    "collisions",
    "distinct_bands",
    "evaluate",
    "nearest",
    "prose",
    "shared_passages",
    "slot_distances",
]
