"""Personalities: packs, births and the BEAUVOIR.md document. Pure: no clock, no randomness."""

from personalities.behaviour import dial_block
from personalities.birth import Personality, birth
from personalities.dials import BAND_WORDS, DIALS, band, band_word, bands
from personalities.document import beauvoir, description, introduction
from personalities.errors import PackError
from personalities.loading import load_pack, packed, unpacked
from personalities.pack import Pack
from personalities.placeholder import placeholder_description, placeholder_document, placeholder_name
from personalities.polishing import Draft
from personalities.prompt import Mood, system_prompt
from personalities.routing import Preferences, Routing, preferences, route, routes
from personalities.rules import Violation, rules_for_prompt, violations
from personalities.summary import exchanges, levels, refusals, section, traits
from personalities.validation import Problem, validate_document

__all__ = [
    "BAND_WORDS",
    "DIALS",
    "Draft",
    "Mood",
    "Pack",
    "PackError",
    "Personality",
    "Preferences",
    "Problem",
    "Routing",
    "Violation",
    "band",
    "band_word",
    "bands",
    "beauvoir",
    "birth",
    "description",
    "dial_block",
    "exchanges",
    "introduction",
    "levels",
    "load_pack",
    "packed",
    "placeholder_description",
    "placeholder_document",
    "placeholder_name",
    "preferences",
    "refusals",
    "route",
    "routes",
    "rules_for_prompt",
    "section",
    "system_prompt",
    "traits",
    "unpacked",
    "validate_document",
    "violations",
]
