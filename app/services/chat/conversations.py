"""Conversations as their own user sees them: begun with consent, listed, read, exported, deleted. What is another's is
not found."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from app.db.database import Database
from app.db.repositories import Unit
from app.db.tables import ChatMessage, Collection, Conversation
from app.errors import ConsentNeeded, NotFound, UnknownCollection
from app.identity import Account
from app.ports import Clock
from app.provenance.ids import AgentId, checksum_address
from app.provenance.sealing import Box
from app.services.chat import allowances
from app.services.chat.access import Access, scope_of
from app.services.chat.allowances import Left, Limits, Subject, stamp
from app.services.chat.seams import Memory, Names
from app.services.chat.transcripts import Told, decode_log, decode_piece, text_of

CONSENT_VERSION: Final = "1"
CONSENT_TEXT: Final = (
    "Your messages and the replies are kept, encrypted, under a key of your own for this agent; only you can read them "
    "here, and the operator of this service and the agent platform, which passes them to a language model, could. The "
    "agent remembers what you tell about yourself, for talks with you alone: no other visitor, no later owner and no "
    "buyer gets any of it. What you say slowly changes the agent's public traits, as numbers without words or names. "
    "When the token changes hands this talk is closed. You can export or erase everything at any time, and a talk off "
    "the record is kept for the reply only: no transcript, no memory, no influence."
)
MAX_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Consent:
    version: str
    text: str


CONSENT: Final = Consent(CONSENT_VERSION, CONSENT_TEXT)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation with the token it is with."""

    row: Conversation
    agent: AgentId

    def view(self) -> dict[str, Any]:
        row = self.row
        return {
            "id": row.id,
            "agent": str(self.agent),
            "role": row.role,
            "offRecord": row.off_record,
            "createdAt": _iso(row.created_at),
            "updatedAt": _iso(row.updated_at),
            "messages": row.last,
            "sealed": row.sealed,
        }


class Conversations:
    """For many threads. All methods block."""

    def __init__(
        self,
        database: Database,
        access: Access,
        memory: Memory,
        names: Names,
        clock: Clock,
        entropy: Callable[[int], bytes],
        limits: Limits,
    ) -> None:
        self._database = database
        self._access = access
        self._memory = memory
        self._names = names
        self._clock = clock
        self._entropy = entropy
        self._limits = limits

    def start(self, account: Account, agent: AgentId, consent: str, *, off_record: bool = False) -> Talk:
        """A new conversation. Raises ConsentNeeded unless `consent` is the version of today's paragraph, Forbidden
        where guests may not talk, NotFound, Burned, ChainUnavailable."""
        if consent != CONSENT_VERSION:
            raise ConsentNeeded(
                "What is kept of a talk has to be agreed to before the first message.",
                hint=f"Show the text of GET /v1/consent and send its version, {CONSENT_VERSION}, as `consent`.",
            )
        with self._database.read() as unit:
            place = self._access.place(unit, agent)
        standing = self._access.admit(place, account)
        now = int(self._clock.now().timestamp())
        row = Conversation(
            id=self._entropy(16).hex(),
            project_id=place.project_id,
            collection_id=place.collection_id,
            token_id=agent.token_id,
            tenure=standing.tenure,
            user=self._names(account),
            role=standing.role,
            off_record=off_record,
            consent=consent,
            created_at=now,
            updated_at=now,
        )
        with self._database.write() as unit:
            unit.chats.add(row)
        return Talk(row, agent)

    def get(self, account: Account, conversation_id: str) -> Talk:
        """Raises NotFound, also for what is another's."""
        with self._database.read() as unit:
            row = find(unit, self._names(account), conversation_id)
            return Talk(row, agent_of(unit, row))

    def page(
        self, account: Account, *, agent: AgentId | None = None, cursor: str = "", limit: int = 20
    ) -> tuple[list[Talk], str]:
        """The newest first, and the cursor of the next page; empty after the last. Raises NotFound for a cursor that is
        none of ours, UnknownCollection."""
        user = self._names(account)
        limit = max(1, min(limit, MAX_PAGE))
        with self._database.read() as unit:
            token = None
            if agent is not None:
                collection = unit.public.collection(agent.chain_id, agent.contract.lower())
                if collection is None or collection.id is None:
                    raise UnknownCollection("No collection of this service has that chain and contract.")
                token = (collection.id, min(agent.token_id, 2**31 - 1))
            before = None
            if cursor:
                last = unit.chats.mine(user, cursor)
                if last is None:
                    raise NotFound("This cursor leads nowhere.", hint="Begin again without one.")
                before = (last.updated_at, last.id)
            rows = unit.chats.page(user, limit + 1, before=before, token=token)
            talks = [Talk(row, agent_of(unit, row)) for row in rows[:limit]]
        return talks, talks[-1].row.id if len(rows) > limit else ""

    def messages(
        self, account: Account, conversation_id: str, *, before: int | None = None, limit: int = 50
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Messages in order, the newest page first, and the number to ask for the page before; None at the first."""
        limit = max(1, min(limit, MAX_PAGE))
        with self._database.read() as unit:
            row = find(unit, self._names(account), conversation_id)
            found = unit.chats.messages(row.project_id, row.id, limit + 1, before=before)
            shown = found[-limit:]
            return self._views(unit, row, shown), shown[0].number if len(found) > limit else None

    def message(self, account: Account, conversation_id: str, number: int) -> dict[str, Any]:
        with self._database.read() as unit:
            row = find(unit, self._names(account), conversation_id)
            found = unit.chats.message(row.project_id, row.id, number)
            if found is None:
                raise NotFound("This conversation has no such message.")
            return self._views(unit, row, [found])[0]

    def export(self, account: Account, conversation_id: str) -> dict[str, Any]:
        """Everything of it."""
        talk = self.get(account, conversation_id)
        row = talk.row
        views: list[dict[str, Any]] = []
        after = 0
        while True:
            with self._database.read() as unit:
                found = unit.chats.messages(row.project_id, row.id, MAX_PAGE, before=after + MAX_PAGE + 1, after=after)
                views += self._views(unit, row, found)
            after += MAX_PAGE
            if after >= row.last:
                return {"conversation": talk.view(), "consent": row.consent, "messages": views}

    def delete(self, account: Account, conversation_id: str) -> None:
        with self._database.write() as unit:
            row = find(unit, self._names(account), conversation_id)
            unit.chats.remove(row.project_id, row.id)

    def allowance(self, account: Account, agent: AgentId) -> Left:
        """What this account may still say and spend with this token."""
        with self._database.read() as unit:
            place = self._access.place(unit, agent)
            subject = Subject(place.project_id, place.collection_id, agent.token_id, self._names(account))
            return allowances.look(unit, subject, self._limits, self._clock.now())

    # --- messages in the plain

    def texts(self, unit: Unit, row: Conversation, messages: Sequence[ChatMessage]) -> list[str]:
        """What each message says; nothing where nothing was kept. Raises Erased."""
        if not any(message.body or message.state == "streaming" for message in messages):
            return [""] * len(messages)
        box = self._memory.opened(unit, scope_of(row))
        return [
            box.open(message.body) if message.body else text_of(self.pieces(unit, row, box, message))
            for message in messages
        ]

    def told(self, unit: Unit, row: Conversation, message: ChatMessage) -> list[Told]:
        """The events stored of a reply."""
        if row.off_record:
            return []
        box = self._memory.opened(unit, scope_of(row))
        if message.events:
            return decode_log(box.open(message.events), box.open(message.body))
        return self.pieces(unit, row, box, message)

    def pieces(self, unit: Unit, row: Conversation, box: Box, message: ChatMessage) -> list[Told]:
        """What is stored of a reply that is being written."""
        if message.state != "streaming" or message.id is None:
            return []
        found = unit.chats.pieces(row.project_id, message.id)
        return [told for piece in found for told in decode_piece(box.open(piece.body), piece.seq)]

    def _views(self, unit: Unit, row: Conversation, messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
        texts = self.texts(unit, row, messages)
        return [view_of(message, text) for message, text in zip(messages, texts, strict=True)]


def find(unit: Unit, user: str, conversation_id: str, *, lock: bool = False) -> Conversation:
    row = unit.chats.mine(user, conversation_id, lock=lock)
    if row is None:
        raise NotFound("You have no such conversation.")
    return row


def agent_of(unit: Unit, row: Conversation) -> AgentId:
    collection: Collection = unit.collections.get(row.project_id, row.collection_id)
    return AgentId(collection.chain_id, checksum_address(collection.contract or ""), row.token_id)


def view_of(message: ChatMessage, content: str) -> dict[str, Any]:
    """A message as JSON."""
    view: dict[str, Any] = {
        "number": message.number,
        "role": message.role,
        "content": content,
        "state": message.state,
        "createdAt": _iso(message.created_at),
    }
    optional: Mapping[str, Any] = {
        "replyTo": message.reply_to,
        "replaces": message.replaces,
        "usage": usage_of(message),
        "pool": message.pool or None,
        "reason": message.reason or None,
        "model": message.model or None,
        "error": json.loads(message.error) if message.error else None,
    }
    return view | {name: value for name, value in optional.items() if value is not None}


def usage_of(message: ChatMessage) -> dict[str, int] | None:
    if message.cost_micro is None:
        return None
    return {
        "promptTokens": message.prompt_tokens or 0,
        "completionTokens": message.completion_tokens or 0,
        "costMicro": message.cost_micro,
    }


def last_events(message: ChatMessage) -> list[tuple[str, dict[str, Any]]]:
    """How the stream of a finished reply ends: usage, the error if there is one, and done."""
    found: list[tuple[str, dict[str, Any]]] = []
    usage = usage_of(message)
    if usage is not None:
        found.append(("usage", {**usage, "pool": message.pool, "reason": message.reason, "model": message.model}))
    if message.error:
        found.append(("error", json.loads(message.error)))
    return [*found, ("done", {"number": message.number, "state": message.state})]


def _iso(seconds: int) -> str:
    return stamp(datetime.fromtimestamp(seconds, UTC))
