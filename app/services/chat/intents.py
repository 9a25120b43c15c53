"""What a user may want of a turn: a message sent, the last one edited, or the last reply written anew."""

from dataclasses import dataclass
from typing import Final, Literal

from app.db.tables import Conversation
from app.errors import Conflict, Invalid, NotFound, TooLarge
from app.services.chat import prompting
from app.services.chat.prompting import Line

MAX_TEXT: Final = 32_000
"""Characters of a message."""
MAX_OCTETS: Final = 48_000
"""Its bytes in UTF-8: platforms bound whole requests."""
_MAX_KEY: Final = 128
_LOST: Final = "off the record nothing is kept, so there is nothing to take up again"


@dataclass(frozen=True, slots=True)
class Intent:
    """What the user wants. `target` is the message that is edited, or the reply that is written anew."""

    kind: Literal["send", "edit", "regenerate"] = "send"
    text: str = ""
    target: int = 0
    client_key: str | None = None


def check(intent: Intent) -> None:
    """Raises Invalid, TooLarge."""
    if intent.client_key is not None and not (
        0 < len(intent.client_key) <= _MAX_KEY and intent.client_key.isascii() and intent.client_key.isprintable()
    ):
        raise Invalid("An Idempotency-Key is 1 to 128 printable ASCII characters.")
    if intent.kind == "regenerate":
        return
    if not prompting.clean(intent.text):
        raise Invalid("A message needs text.", hint="Only control characters or spaces came.")
    if len(intent.text) > MAX_TEXT or len(intent.text.encode("utf-8", "replace")) > MAX_OCTETS:
        raise TooLarge(
            f"A message has {MAX_TEXT:,} characters and {MAX_OCTETS:,} bytes at most.", hint="Send it in parts."
        )


def subject_of(intent: Intent, conversation: Conversation, lines: list[Line]) -> tuple[str, int, list[Line]]:
    """The text to answer, its number if it is there already, and what was said before it. Raises Conflict, NotFound."""
    if intent.kind == "send":
        return intent.text, 0, lines
    if conversation.off_record:
        raise Conflict(f"That is not possible: {_LOST}.")
    last = next((line for line in reversed(lines) if line.role == "user"), None)
    if last is None:
        raise NotFound("There is no message to take up again.")
    before = [line for line in lines if line.number < last.number]
    if intent.kind == "edit":
        if intent.target != last.number:
            raise Conflict("Only your last message can be edited.", hint=f"That is number {last.number}.")
        return intent.text, 0, before
    return last.text, last.number, before
