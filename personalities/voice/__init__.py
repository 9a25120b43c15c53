"""The offline voice: a character with a small, true repertoire, for when no language model is configured.

It answers from the facts it is handed and from its own written lines, and states nothing else. Pure: no clock, no
randomness, no I/O but packaged data; the same scene gives the same reply.
"""

from personalities.voice.canon import canon_of, scene_for
from personalities.voice.noticing import noticed
from personalities.voice.scene import Canon, Change, Memory, Neighbour, Noticed, Proofs, Scene, Slot, Spoken, Turn
from personalities.voice.speaking import perform, raise_memory, speak

__all__ = [
    "Canon",
    "Change",
    "Memory",
    "Neighbour",
    "Noticed",
    "Proofs",
    "Scene",
    "Slot",
    "Spoken",
    "Turn",
    "canon_of",
    "noticed",
    "perform",
    "raise_memory",
    "scene_for",
    "speak",
]
