"""What a reply is made of, before manner is added."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from personalities.voice.scene import Noticed

Tone = Literal["easy", "kind", "firm", "act", "plain"]


@dataclass(slots=True)
class Parts:
    """`core` is said in this order, its first `must` lines whatever the length; `more` is said while there is room."""

    core: list[str]
    must: int = 1
    more: Sequence[Callable[[], str]] = ()
    close: Sequence[str] = ()
    """Said last of all."""
    tone: Tone = "easy"
    """How manner joins in: freely; gently; without jokes; a touch before an act; or not at all."""
    ask: str = "share"
    """Which questions suit; empty for none."""
    question: str = ""
    """A question that has to be asked."""
    offer: bool = True
    noticed: Sequence[Noticed] = field(default_factory=tuple)
    act: str | None = None
    intent: str = ""
    """Set where a reply turned out to be about something else than was heard."""
