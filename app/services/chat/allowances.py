"""How much may be said and spent, decided before the platform is called. Integers only: messages and micro-USD."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from app.db.repositories import Unit
from app.errors import AllowanceSpent, MoneySpent

_ANSWER_TOKENS: Final = 2_000
"""Tokens of answer that a reservation allows for: as the platform itself reserves for a stream."""
_MINUTE: Final = 60

PRICES: Final = {
    "cheap": (150, 600),
    "fast-code": (800, 2_400),
    "reviewer": (1_500, 6_000),
    "native": (3_000, 12_000),
    "reasoning": (15_000, 60_000),
    "architect": (15_000, 60_000),
}
"""Micro-USD for 1,000 tokens in and out, by the platform's public price list: for reservations, and where the platform
does not say what a turn took."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Per holder, per token, per project; days are UTC."""

    holder_minute: int = 20
    holder_day: int = 500
    token_day: int = 2_000
    holder_micro: int = 1_000_000
    token_micro: int = 5_000_000
    project_micro: int = 50_000_000


class Subject(NamedTuple):
    project_id: int
    collection_id: int
    token_id: int
    user: str


class Left(NamedTuple):
    """What remains, the tightest limit of each kind."""

    messages: int
    cost_micro: int
    resets_at: datetime
    """When the day ends, or the minute if that is what holds."""
    limits: Limits

    def remaining(self) -> dict[str, int]:
        return {"messages": max(self.messages, 0), "costMicro": max(self.cost_micro, 0)}


def tokens_of(characters: int) -> int:
    """As the platform estimates."""
    return -(-characters // 4)


def price(pool: str, prompt_tokens: int, completion_tokens: int) -> int:
    """Micro-USD by the price list, rounded up."""
    given, taken = PRICES.get(pool, PRICES["native"])
    return -(-(prompt_tokens * given + completion_tokens * taken) // 1_000)


def estimate(pool: str, characters: int) -> int:
    """What to reserve for a prompt of so many characters."""
    return price(pool, tokens_of(characters), _ANSWER_TOKENS)


def look(unit: Unit, subject: Subject, limits: Limits, now: datetime) -> Left:
    """What is left for this user with this token."""
    return _judge(unit, subject, limits, now)[0]


def require(unit: Unit, subject: Subject, limits: Limits, now: datetime, wanted_micro: int) -> None:
    """Raises AllowanceSpent or MoneySpent, which say what remains and when it returns. Call it within the unit that
    reserves, after `charges.lock`."""
    left, message = _judge(unit, subject, limits, now)
    wait = max(1, -int((now - left.resets_at).total_seconds() // 1))
    if left.messages <= 0:
        raise AllowanceSpent(
            message,
            remaining=left.remaining(),
            resets_at=stamp(left.resets_at),
            retry_after=wait,
            hint="Come back then.",
        )
    if left.cost_micro < wanted_micro:
        day_end = _day_end(now)
        raise MoneySpent(
            f"A reply may cost {wanted_micro} micro-USD, and {max(left.cost_micro, 0)} are left for today.",
            remaining=left.remaining(),
            resets_at=stamp(day_end),
            retry_after=max(1, int((day_end - now).total_seconds())),
            hint="Ask for something shorter, or come back tomorrow (UTC).",
        )


def _judge(unit: Unit, subject: Subject, limits: Limits, now: datetime) -> tuple[Left, str]:
    project, collection, token, user = subject
    day = now.date().isoformat()
    day_end = _day_end(now)
    seconds = int(now.timestamp())
    mine, its, all_of_it, recent = unit.charges.spent(
        project,
        collection,
        token,
        user,
        day=day,
        day_start=int(day_end.timestamp()) - 86_400,
        minute=seconds - _MINUTE,
    )
    cost = min(
        limits.holder_micro - mine.cost_micro,
        limits.token_micro - its.cost_micro,
        limits.project_micro - all_of_it.cost_micro,
    )
    counts = (
        (limits.holder_day - mine.messages, day_end, f"You have sent {mine.messages} messages today."),
        (limits.token_day - its.messages, day_end, "This agent has answered as many messages today as it may."),
        (
            limits.holder_minute - recent.messages,
            datetime.fromtimestamp((recent.first or seconds) + _MINUTE + 1, UTC),
            f"You have sent {recent.messages} messages within a minute.",
        ),
    )
    messages, resets_at, sentence = min(counts, key=lambda each: max(each[0], 0))
    if messages > 0:
        resets_at = day_end
    return Left(messages, cost, resets_at, limits), sentence


def _day_end(now: datetime) -> datetime:
    return datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
