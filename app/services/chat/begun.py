"""A turn that was begun: what the platform is asked, under which key, and what its end needs to know."""

import json
from dataclasses import dataclass, replace
from hashlib import sha256

from app.db.tables import Conversation
from app.dialogue import MAX_MESSAGES, Ask, Message
from app.folding import Said
from app.provenance.sealing import Box
from app.scope import Scope
from app.services.chat.intents import MAX_TEXT


@dataclass(frozen=True, slots=True)
class Begun:
    """A turn that may be asked."""

    ask: Ask
    conversation: Conversation
    scope: Scope
    box: Box
    message_id: int
    user: int
    """Number of the message that is answered."""
    reply: int
    text: str
    task: str
    pool: str
    reason: str
    characters: int
    """Of the prompt."""
    used: tuple[int, ...]
    """Ids of the memories in the prompt."""
    forgotten: tuple[Said, ...]
    """What no longer fits the prompt and is not part of the summary yet."""
    folded: int
    """Up to which message the summary reaches with it."""


@dataclass(frozen=True, slots=True)
class Known:
    """This request came before: its turn is under way, or over."""

    user: int
    reply: int


def key_of(conversation_id: str, reply: int, attempt: int = 1) -> str:
    """Idempotency key of a reply: the same on each retry. `attempt` counts new keys."""
    return "chat-" + sha256(json.dumps([conversation_id, reply, attempt]).encode()).hexdigest()


def again(begun: Begun, said: str, attempt: int) -> Begun:
    """The turn under a new key, when the platform lost an answer of which `said` was told: it is asked to go on."""
    messages = list(begun.ask.messages)
    if said:
        go_on = "Your answer broke off there. Go on exactly where it ends; repeat nothing and do not mention it."
        messages = [
            *messages[:1],
            *messages[1:][-(MAX_MESSAGES - 3) :],
            Message("assistant", said[-MAX_TEXT:]),
            Message("system", go_on),
        ]
    key = key_of(begun.conversation.id, begun.reply, attempt)
    return replace(begun, ask=replace(begun.ask, messages=messages, key=key))
