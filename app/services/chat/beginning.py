"""The beginning of a turn: everything that is looked up and decided before the platform is asked, and one transaction
that keeps the message, the reply to be, and what is reserved for it. Blocks; runs in a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from app.db.database import Database
from app.db.repositories import Unit
from app.db.tables import Charge, ChatMessage, Conversation
from app.dialogue import Ask, Pool
from app.errors import Conflict, NotFound
from app.folding import Said
from app.identity import Account
from app.ports import Clock
from app.provenance.sealing import Box
from app.remembering import Remembered
from app.scope import Scope
from app.services.chat import allowances, prompting, tasks
from app.services.chat.access import Access, Standing, scope_of, shown
from app.services.chat.allowances import Limits, Subject
from app.services.chat.begun import Begun, Known, key_of
from app.services.chat.conversations import find
from app.services.chat.intents import Intent, check, subject_of
from app.services.chat.portraits import Portrait, Portraits
from app.services.chat.prompting import Line, Prompt
from app.services.chat.seams import Memory, Names
from personalities import preferences, route

_HISTORY: Final = 120


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
        check(intent)
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
            text, number, history = subject_of(intent, conversation, talk.lines)
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
