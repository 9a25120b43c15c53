"""The end of a turn: one transaction that keeps the text, settles what it cost, and remembers. Blocks; for threads."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog

from app.db.database import Database
from app.db.repositories import Unit
from app.db.tables import Charge, ChatMessage
from app.dialogue import Usage
from app.errors import (
    BudgetExhausted,
    DnftError,
    Erased,
    PlatformDenied,
    PlatformLimited,
    PlatformRefused,
    PlatformUnavailable,
    StreamBroken,
    problem,
)
from app.ports import Clock
from app.services.chat import allowances
from app.services.chat.access import scope_of
from app.services.chat.begun import Begun
from app.services.chat.conversations import last_events
from app.services.chat.seams import Memory
from app.services.chat.transcripts import Told, decode_piece, encode_log, text_of
from personalities.voice import noticed

log = structlog.get_logger("chat")

_NOTHING_ASKED = (PlatformLimited, BudgetExhausted, PlatformDenied, PlatformRefused, PlatformUnavailable)


@dataclass(slots=True)
class Outcome:
    state: str
    """complete | failed | cancelled"""
    error: DnftError | None = None
    model: str = ""


@dataclass(slots=True)
class Spending:
    """What each key took, in the order they were used; None while the platform has not said."""

    keys: dict[str, Usage | None] = field(default_factory=dict)

    def begin(self, key: str) -> None:
        self.keys[key] = None

    def took(self, usage: Usage | None) -> None:
        last = next(reversed(self.keys))
        self.keys[last] = usage or self.keys[last]


class Finishing:
    def __init__(
        self, database: Database, memory: Memory, clock: Clock, calendar: Clock, *, stale_seconds: int
    ) -> None:
        self._database = database
        self._memory = memory
        self._clock = clock
        self._calendar = calendar
        self._stale = stale_seconds

    def finish(
        self, begun: Begun, told: Sequence[Told], outcome: Outcome, spending: Spending
    ) -> list[tuple[str, dict[str, Any]]]:
        """Keep how it ended; returns the last events of the stream. A conversation that was deleted meanwhile stays so,
        and what it cost is settled all the same."""
        conversation, scope, now = begun.conversation, begun.scope, self._now()
        text = text_of(told)
        with self._database.write() as unit:
            usage = self._settle(unit, begun, told, outcome, spending, now)
            unit.chats.drop_pieces(scope.project_id, begun.message_id)
            row = unit.chats.mine(conversation.user, conversation.id, lock=True)
            message = unit.chats.message(scope.project_id, conversation.id, begun.reply)
            if row is None or message is None:
                message = ChatMessage(
                    project_id=scope.project_id,
                    conversation_id=conversation.id,
                    number=begun.reply,
                    role="assistant",
                    state=outcome.state,
                    created_at=now,
                )
                return last_events(message)
            message.state, message.model, message.cancel = outcome.state, outcome.model[:100], False
            message.error = _told_error(outcome.error)
            if usage is not None:
                message.prompt_tokens, message.completion_tokens = usage.prompt_tokens, usage.completion_tokens
                message.cost_micro = usage.cost_micro
            if not row.off_record:
                message.body = begun.box.seal(text)
                message.events = begun.box.seal(encode_log(told))
                self._remember(unit, begun)
            row.updated_at = max(row.updated_at, now)
            row.folded = max(row.folded, begun.folded) if not row.off_record else 0
            unit.chats.save(message)
            unit.chats.save(row)
            return last_events(message)

    def _remember(self, unit: Unit, begun: Begun) -> None:
        day = self._calendar.now().date().isoformat()
        items = noticed(begun.text, day) if begun.text else []
        asked = unit.chats.message(begun.scope.project_id, begun.conversation.id, begun.user)
        self._memory.note(unit, begun.scope, items, message_id=asked.id if asked is not None else None, used=begun.used)
        if begun.forgotten:
            self._memory.fold(begun.scope, begun.forgotten, unit=unit)

    def _settle(
        self, unit: Unit, begun: Begun, told: Sequence[Told], outcome: Outcome, spending: Spending, now: int
    ) -> Usage | None:
        """Settle every key of the turn; returns what all of them took, None when nothing came of it."""
        *lost, last = spending.keys or [begun.ask.key]
        usage = spending.keys.get(last)
        void = usage is None and not told and isinstance(outcome.error, _NOTHING_ASKED)
        estimated = usage is None
        if usage is None:
            sent = 0 if void else allowances.tokens_of(begun.characters)
            came = sum(len(each.data.get("text", "")) for each in told)
            tokens = sent, allowances.tokens_of(came)
            usage = Usage(*tokens, allowances.price(begun.pool, *tokens))
        unit.charges.settle(
            begun.scope.project_id,
            last,
            cost_micro=usage.cost_micro,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            estimated=estimated,
            now=now,
            void=void,
        )
        if void and not lost:
            return None
        if not lost:
            return usage
        unit.flush()
        rows = unit.charges.of_message(begun.scope.project_id, begun.conversation.id, begun.reply)
        return Usage(
            sum(row.prompt_tokens for row in rows),
            sum(row.completion_tokens for row in rows),
            sum(row.cost_micro for row in rows),
        )

    def renew(self, begun: Begun, spending: Spending, characters: int) -> None:
        """The platform lost the answer of the key before: settle that by the price list, and reserve for the new one.
        No allowance is asked: this turn was admitted."""
        now = self._now()
        old = next(reversed(spending.keys))
        sent, came = allowances.tokens_of(begun.characters), allowances.tokens_of(characters)
        with self._database.write() as unit:
            unit.charges.settle(
                begun.scope.project_id,
                old,
                cost_micro=allowances.price(begun.pool, sent, came),
                prompt_tokens=sent,
                completion_tokens=came,
                estimated=True,
                now=now,
            )
            rows = unit.charges.of_message(begun.scope.project_id, begun.conversation.id, begun.reply)
            like = rows[0].model_dump()
            unit.charges.reserve(
                Charge.model_validate(
                    like
                    | {
                        "key": begun.ask.key,
                        "first": False,
                        "state": "reserved",
                        "reserved_micro": allowances.estimate(begun.pool, begun.characters + characters),
                        "cost_micro": 0,
                        "prompt_tokens": 0,
                        "completion_tokens": 0,
                        "estimated": False,
                        "created_at": now,
                        "settled_at": None,
                    }
                )
            )
        spending.begin(begun.ask.key)

    # --- keeping house

    def beat(self, message_ids: Sequence[int], alive: bool) -> Sequence[int]:
        """Say that these are being written, when `alive`; returns those that somebody wants to end."""
        if alive:
            with self._database.write_soon() as unit:
                unit.chats.beat(message_ids, self._now())
                return unit.chats.to_cancel(message_ids)
        with self._database.read() as unit:
            return unit.chats.to_cancel(message_ids)

    def sweep(self) -> int:
        """Give up the replies whose process was not seen for a while, keeping what was told. Returns how many."""
        before = self._now() - self._stale
        with self._database.read() as unit:
            if not unit.chats.dangling(before):
                return 0
        with self._database.write() as unit:
            found = unit.chats.dangling(before, lock=True)
            for message, conversation in found:
                assert message.id is not None
                pieces = unit.chats.pieces(message.project_id, message.id)
                if pieces:
                    try:
                        box = self._memory.opened(unit, scope_of(conversation))
                        told = [each for piece in pieces for each in decode_piece(box.open(piece.body), piece.seq)]
                        message.body, message.events = box.seal(text_of(told)), box.seal(encode_log(told))
                    except Erased:
                        log.info("a reply was erased while it was written", number=message.number)
                message.state = "failed"
                message.error = _told_error(
                    StreamBroken(
                        "The server stopped while it wrote this.", hint="What was told is kept; write it anew."
                    )
                )
                for charge in unit.charges.of_message(message.project_id, message.conversation_id, message.number):
                    unit.charges.settle(
                        message.project_id,
                        charge.key,
                        # Nobody knows what it took: what was set aside counts, unless nothing came.
                        cost_micro=charge.reserved_micro if pieces else 0,
                        prompt_tokens=0,
                        completion_tokens=0,
                        estimated=True,
                        now=self._now(),
                        void=not pieces,
                    )
                unit.chats.drop_pieces(message.project_id, message.id)
                unit.chats.save(message)
        if found:
            log.warning("gave up replies whose process is gone", replies=len(found))
        return len(found)

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _told_error(error: DnftError | None) -> str:
    if error is None:
        return ""
    members = problem(error)
    if error.retry_after is not None:
        members["retryAfter"] = error.retry_after
    members["detail"] = members["detail"][:300]
    return json.dumps(members, ensure_ascii=False)
