"""Personalities: packs, births and the BEAUVOIR.md document. Pure: no clock, no randomness."""

from personalities.birth import Personality, birth
from personalities.dials import BAND_WORDS, DIALS, band, band_word, bands
from personalities.document import beauvoir, description, introduction
from personalities.errors import PackError
from personalities.loading import load_pack
from personalities.pack import Pack

__all__ = [
    "BAND_WORDS",
    "DIALS",
    "Pack",
    "PackError",
    "Personality",
    "band",
    "band_word",
    "bands",
    "beauvoir",
    "birth",
    "description",
    "introduction",
    "load_pack",
]
