"""Scenes for the tests: valid defaults; a test names only what matters to it."""

from functools import cache
from typing import Any

from personalities import Personality, birth, load_pack
from personalities.voice import Change, Memory, Neighbour, Proofs, Scene, Spoken, Turn, scene_for, speak

SEED = b"\1" * 32
SUPPLY = 1000
TODAY = "2026-11-21"
REX = Memory("m1", "pet", "dog Rex", "My dog Rex loves the beach", "2026-11-20")
PROMISE = Memory("m2", "promise", "send it on Friday", "I'll send it on Friday", "2026-11-18")
KNOWN: dict[str, Any] = {
    "today": TODAY,
    "stage": "ripening",
    "level": 3,
    "owner": "Quillon",
    "holder": "Tamsin",
    "collection": "Dixie",
    "supply": SUPPLY,
    "neighbours": (Neighbour(4, "Orsino Farthing"), Neighbour(5, "Belphoebe Marl")),
    "changes": (Change("Warmth", "kind", "tender", "2026-11-19", "warm talk on 3 days"),),
    "proofs": Proofs(4, "ab" * 32, "bafkreigh2akiscaildc", 7, "0x" + "cd" * 32, "committed"),
    "memories": (REX, PROMISE),
}


@cache
def agent(token: int, pack: str = "dixie") -> Personality:
    return birth(SEED, SUPPLY, token, load_pack(pack))


def scene(message: str, token: int = 1, pack: str = "dixie", **moment: Any) -> Scene:
    """A scene of an agent about whom everything is known."""
    return scene_for(agent(token, pack), load_pack(pack), message, **(KNOWN | moment))


def bare(message: str, token: int = 1, **moment: Any) -> Scene:
    """A scene of an agent about whom nothing is known but its birth."""
    return scene_for(agent(token), load_pack("dixie"), message, **moment)


def dials(**values: int) -> tuple[int, ...]:
    """All dials in the middle but those named, which are bands 0..6."""
    from personalities import DIALS

    return tuple((2 * values.get(dial, 3) + 1) * 65536 // 14 for dial in DIALS)


def talk(messages: list[str], token: int = 1, pack: str = "dixie", **moment: Any) -> list[Spoken]:
    """The replies of one agent to one message after another, each knowing all before."""
    history: tuple[Turn, ...] = ()
    replies = []
    for message in messages:
        reply = speak(scene(message, token, pack, history=history, **moment))
        history = (*history, Turn("user", message), Turn("assistant", reply.text))
        replies.append(reply)
    return replies
