"""The speaker that needs no network: the project's own voice, word by word at a set pace.

The client sends what the voice needs as `metadata["scene"]`. Without a scene there is nothing to speak from, and the
answer says so.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from time import monotonic
from typing import Any, Final

from app.standins.platform.asking import Message
from app.standins.platform.speaking import Ask, Piece, SpeakerFailed

NO_SCENE: Final = (
    "This is the stand-in platform, which has no language model behind it, and this request carried no scene to speak "
    "from."
)
_WORD: Final = re.compile(r"\s*\S+\s*|\s+")


class OfflineVoice:
    """First word `first_ms` after the ask, or as soon as the text is there; then one each `piece_ms`."""

    name = "offline-voice"

    def __init__(self, first_ms: float, piece_ms: float) -> None:
        self._first = first_ms / 1000
        self._pace = piece_ms / 1000

    async def speak(self, ask: Ask) -> AsyncIterator[Piece]:
        due = monotonic() + self._first
        # In a thread: composing takes a while, and other streams have words to send.
        text = await asyncio.to_thread(from_scene, ask.metadata, ask.messages) if _has_scene(ask.metadata) else NO_SCENE
        for word in _WORD.findall(text):
            # By the clock, not by the last word: else the delays of a busy machine would add up.
            if (wait := due - monotonic()) > 0:
                await asyncio.sleep(wait)
            yield word
            due += self._pace

    async def healthy(self) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is open."""


def from_scene(metadata: Mapping[str, Any], messages: Sequence[Message]) -> str:
    """What the offline voice says in the scene that `metadata` carries, or `NO_SCENE` without one. The scene holds all
    it needs of the conversation; `messages` are for a voice that needs more.

    Raises SpeakerFailed, status 400, naming what is wrong with the scene.
    """
    if not _has_scene(metadata):
        return NO_SCENE
    # Late: the stand-in starts without the voice's word lists, and before a language model it never needs them.
    from personalities.voice import Scene, speak

    try:
        scene = Scene.from_json(metadata["scene"])
    except ValueError as error:
        raise SpeakerFailed(400, f"The offline voice can't use this scene: {error}") from error
    return speak(scene).text


def _has_scene(metadata: Mapping[str, Any]) -> bool:
    return metadata.get("scene") is not None
