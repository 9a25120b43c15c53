"""The beginning of a turn: everything that is looked up and decided before the platform is asked, and one transaction
that keeps the message, the reply to be, and what is reserved for it. Blocks; runs in a thread."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal, cast

from app.db.database import Database
from app.db.repositories import Unit
from app.db.tables import Charge, ChatMessage, Conversation
from app.dialogue import MAX_MESSAGES, Ask, Message, Pool
from app.errors import Conflict, Invalid, NotFound, TooLarge
from app.folding import Said
from app.identity import Account
from app.ports import Clock
from app.provenance.sealing import Box
from app.remembering import Remembered
from app.scope import Scope
from app.services.chat import allowances, prompting, tasks
from app.services.chat.access import Access, Standing, scope_of, shown
from app.services.chat.allowances import Limits, Subject
from app.services.chat.conversations import find
from app.services.chat.portraits import Portrait, Portraits
from app.services.chat.prompting import Line, Prompt
from app.services.chat.seams import Memory, Names
from personalities import preferences, route

MAX_TEXT: Final = 32_000
"""Characters of a message."""
MAX_OCTETS: Final = 48_000
"""Its bytes in UTF-8: platforms bound whole requests."""
_HISTORY: Final = 120
_MAX_KEY: Final = 128
_LOST: Final = "off the record nothing is kept, so there is nothing to take up again"


@dataclass(frozen=True, slots=True)
class Intent:
    """What the user wants. `target` is the message that is edited, or the reply that is written anew."""

    kind: Literal["send", "edit", "regenerate"] = "send"
    text: str = ""
    target: int = 0
    client_key: str | None = None


@dataclass(frozen=True, slots=True)
class Options:
    tier: str = "pro"
    """Our plan at the platform."""
    scenes: bool = False
    """Whether the platform gets the scene that an offline voice speaks from."""
    history_tokens: int = 6_000
    stale_seconds: int = 20
    """A reply whose process was not seen for so long is given up."""


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


@dataclass(frozen=True, slots=True)
class _Talk:
    """The messages that count: what was edited or written anew is left out."""

    lines: list[Line]
    days: dict[int, str]


class Beginning:
    def __init__(
        self,
        database: Database,
        access: Access,
        portraits: Portraits,
        memory: Memory,
        names: Names,
        clock: Clock,
        calendar: Clock,
        limits: Limits,
        options: Options,
        platform: str,
    ) -> None:
        self._database = database
        self._access = access
        self._portraits = portraits
        self._memory = memory
        self._names = names
        self._clock = clock
        self._calendar = calendar
        self._limits = limits
        self._options = options
        self._platform = platform

    def begin(self, account: Account, conversation_id: str, intent: Intent) -> Begun | Known:
        """Raises NotFound, Invalid, TooLarge, Sealed, Forbidden, AllowanceSpent, MoneySpent, Conflict while another
        reply is written, ChainUnavailable, DatabaseUnavailable. Nothing was kept then."""
        _check(intent)
        user = self._names(account)
        with self._database.read() as unit:
            opening = unit.chats.opening(user, conversation_id)
            if opening is None:
                raise NotFound("You have no such conversation.")
            conversation, collection, token, tenure = opening
            known = self._known(unit, conversation, intent)
            if known is not None:
                return known
            place = shown(collection, token, tenure)
            portrait = self._portraits.of(unit, place.collection, place.token)
            talk = self._talk(unit, conversation)
            text, number, history = _subject(intent, conversation, talk.lines)
            scope = scope_of(conversation)
            remembered: Sequence[Remembered] = ()
            summary = ""
            if not conversation.off_record:
                remembered = self._memory.recall(scope, text, unit=unit)
                summary = self._memory.summary(scope, unit=unit)
        standing = self._access.require(place, account, conversation)
        prompt = prompting.compose(
            portrait, history, remembered, summary, text, budget_tokens=self._options.history_tokens
        )
        task = tasks.classify(text)
        routing = route(task.name, portrait.dials, self._options.tier)
        now = self._clock.now()
        reason = f"{routing.task}, for {task.why}; {routing.reason}"[:300]
        wanted = allowances.estimate(routing.pool, prompt.characters)
        charge = Charge(
            key="",
            project_id=scope.project_id,
            collection_id=scope.collection_id,
            token_id=scope.token_id,
            user=user,
            conversation_id=conversation.id,
            number=0,
            day=now.date().isoformat(),
            pool=routing.pool,
            task=routing.task,
            reason=reason,
            platform=self._platform[:40],
            state="reserved",
            reserved_micro=wanted,
            created_at=int(now.timestamp()),
        )
        kept = self._keep(conversation, intent, text, number, charge, scope, now)
        if isinstance(kept, Known):
            return kept
        conversation, message_id, asked, reply, box = kept
        forgotten = [line for line in history if line.number < prompt.oldest or not prompt.oldest]
        forgotten = [line for line in forgotten if line.number > conversation.folded]
        return Begun(
            ask=self._ask(portrait, prompt, history, remembered, text, charge, conversation, standing),
            conversation=conversation,
            scope=scope,
            box=box,
            message_id=message_id,
            user=asked,
            reply=reply,
            text=text if intent.kind != "regenerate" else "",
            task=routing.task,
            pool=routing.pool,
            reason=reason,
            characters=prompt.characters,
            used=tuple(each.id for each in remembered),
            forgotten=tuple(Said(line.role, line.text, talk.days[line.number]) for line in forgotten),
            folded=forgotten[-1].number if forgotten else conversation.folded,
        )

    # --- what is there

    def _known(self, unit: Unit, conversation: Conversation, intent: Intent) -> Known | None:
        """The turn that this request, under its key, has begun before. Raises Conflict when it was another request."""
        if intent.client_key is None:
            return None
        found = unit.chats.by_client_key(conversation.project_id, conversation.id, intent.client_key)
        if found is None:
            return None
        if found.role == "assistant":
            asked, reply = found.reply_to or 0, found
        else:
            asked, first = found.number, unit.chats.reply_of(conversation.project_id, conversation.id, found.number)
            assert first is not None, "a message and its reply are kept in one transaction"
            reply = first
            if found.body and intent.text != self._memory.opened(unit, scope_of(conversation)).open(found.body):
                raise Conflict("This Idempotency-Key belongs to another message.", hint="Use a new key.")
        return Known(asked, reply.number)

    def _talk(self, unit: Unit, conversation: Conversation) -> _Talk:
        if conversation.off_record or not conversation.last:
            return _Talk([], {})
        rows = unit.chats.messages(conversation.project_id, conversation.id, _HISTORY)
        gone = {row.replaces for row in rows if row.replaces is not None}
        rows = [row for row in rows if row.number not in gone and row.reply_to not in gone and row.body]
        if not rows:
            return _Talk([], {})
        box = self._memory.opened(unit, scope_of(conversation))
        lines = [Line(row.number, row.role, box.open(row.body)) for row in rows]
        return _Talk(
            lines, {row.number: datetime.fromtimestamp(row.created_at, UTC).date().isoformat() for row in rows}
        )

    # --- what is kept

    def _keep(
        self,
        conversation: Conversation,
        intent: Intent,
        text: str,
        number: int,
        charge: Charge,
        scope: Scope,
        now: datetime,
    ) -> tuple[Conversation, int, int, int, Box] | Known:
        seconds = int(now.timestamp())
        with self._database.write_soon() as unit:
            row = find(unit, conversation.user, conversation.id, lock=True)
            known = self._known(unit, row, intent)
            if known is not None:
                return known
            if unit.chats.streaming(row.project_id, row.id, seconds - self._options.stale_seconds):
                raise Conflict(
                    "A reply is being written in this conversation.",
                    hint="Wait for its end, or cancel it.",
                    retry_after=1,
                )
            if intent.kind != "send" and row.last != conversation.last:
                raise Conflict("Somebody went on with this conversation meanwhile.", hint="Read it, and decide anew.")
            unit.charges.lock(row.project_id)
            subject = Subject(scope.project_id, scope.collection_id, scope.token_id, scope.user)
            allowances.require(unit, subject, self._limits, now, charge.reserved_micro)
            box = self._memory.box(unit, scope)
            asked = row.last + 1
            if intent.kind == "regenerate":
                old = unit.chats.message(row.project_id, row.id, intent.target)
                if old is None or old.role != "assistant":
                    raise NotFound("This conversation has no such reply.")
                if old.number != row.last or old.reply_to != number:
                    raise Conflict("Only the last reply can be written anew.", hint=f"That is number {row.last}.")
                asked, reply = number, asked
            else:
                reply = asked + 1
                message = ChatMessage(
                    project_id=row.project_id,
                    conversation_id=row.id,
                    number=asked,
                    role="user",
                    state="complete",
                    body=b"" if row.off_record else box.seal(text),
                    replaces=intent.target if intent.kind == "edit" else None,
                    client_key=intent.client_key,
                    created_at=seconds,
                )
                unit.chats.add_message(message)
            written = ChatMessage(
                project_id=row.project_id,
                conversation_id=row.id,
                number=reply,
                role="assistant",
                state="streaming",
                reply_to=asked,
                replaces=intent.target if intent.kind == "regenerate" else None,
                client_key=intent.client_key if intent.kind == "regenerate" else None,
                pool=charge.pool,
                reason=charge.reason,
                beat_at=seconds,
                created_at=seconds,
            )
            message_id = unit.chats.add_message(written)
            charge.number, charge.key = reply, key_of(row.id, reply)
            unit.charges.reserve(charge)
            unit.chats.went_on(row.project_id, row.id, reply, seconds)
        return row, message_id, asked, reply, box

    def _ask(
        self,
        portrait: Portrait,
        prompt: Prompt,
        history: Sequence[Line],
        remembered: Sequence[Remembered],
        text: str,
        charge: Charge,
        conversation: Conversation,
        standing: Standing,
    ) -> Ask:
        wanted = preferences(portrait.dials)
        metadata: dict[str, object] = {
            "task": charge.task,
            "temperature": wanted.temperature / 100,
            "maxTokens": wanted.max_tokens,
        }
        if self._options.scenes and portrait.canon is not None:
            today = self._calendar.now().date().isoformat()
            metadata["scene"] = prompting.scene(portrait, history, remembered, text, today=today, owner=standing.owner)
        return Ask(
            agent=str(portrait.agent),
            messages=prompt.messages,
            key=charge.key,
            pool=cast(Pool, charge.pool),
            holder=conversation.user,
            channel=conversation.id,
            metadata=metadata,
        )


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


def _check(intent: Intent) -> None:
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


def _subject(intent: Intent, conversation: Conversation, lines: list[Line]) -> tuple[str, int, list[Line]]:
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
