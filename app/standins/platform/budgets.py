"""Monthly budgets in cents: reserve before a turn, finalize with what it cost, cancel when it was refused.

A reservation belongs to (community, user, idempotency key) and lapses after five minutes. Finalizing leaves a mark for
a day: the same key reserves again, calls the model again, and is not charged again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from app.standins.platform.refusals import Refusal

Finalized = Literal["FINALIZED", "LATE_FINALIZE", "ALREADY_FINALIZED"]
Account = tuple[str, str, str]
"""Community, user, idempotency key."""

_LAPSE: Final = 300
_MARK: Final = 24 * 3600
_WARNING_PERCENT: Final = 80


@dataclass(frozen=True, slots=True)
class _Reservation:
    cents: int
    month: str
    until: float


class Budgets:
    """`limits` are cents a month by community; `now` is Unix seconds, for months and for lapsing."""

    def __init__(self, limits: Mapping[str, int], now: Callable[[], float]) -> None:
        self._limits = limits
        self._now = now
        self._committed: dict[tuple[str, str], int] = {}
        self._reserved: dict[Account, _Reservation] = {}
        self._finalized: dict[Account, float] = {}

    def reserve(self, account: Account, cents: int) -> None:
        """Set `cents` aside; a key that has a reservation keeps it. Raises 402 when the limit would be passed."""
        self._reap()
        if account in self._reserved:
            return
        community, month = account[0], self._month()
        if self._spent(community) + cents > self._limits.get(community, 0):
            raise Refusal(402, "BUDGET_EXCEEDED", "Community budget exhausted.")
        self._reserved[account] = _Reservation(cents, month, self._now() + _LAPSE)

    def finalize(self, account: Account, cents: int) -> Finalized:
        """Turn the reservation into what was really spent."""
        self._reap()
        reservation = self._reserved.pop(account, None)
        if account in self._finalized:
            return "ALREADY_FINALIZED"
        month = self._month() if reservation is None else reservation.month
        self._committed[account[0], month] = self._committed.get((account[0], month), 0) + cents
        self._finalized[account] = self._now() + _MARK
        return "LATE_FINALIZE" if reservation is None else "FINALIZED"

    def cancel(self, account: Account) -> None:
        self._reserved.pop(account, None)

    def status(self, community: str) -> dict[str, Any]:
        """The body of GET /api/agents/budget; all amounts in cents."""
        self._reap()
        limit, spent = self._limits.get(community, 0), self._spent(community)
        return {
            "communityId": community,
            "monthlyLimitCents": limit,
            "currentSpendCents": spent,
            "remainingCents": max(0, limit - spent),
            "percentUsed": (200 * spent + limit) // (2 * limit) if limit else 0,
            "warningThresholdReached": limit > 0 and 100 * spent >= _WARNING_PERCENT * limit,
        }

    def _spent(self, community: str) -> int:
        month = self._month()
        reserved = sum(
            reservation.cents
            for account, reservation in self._reserved.items()
            if account[0] == community and reservation.month == month
        )
        return self._committed.get((community, month), 0) + reserved

    def _reap(self) -> None:
        now = self._now()
        # Both are in the order of their making, and each lasts as long as the others of its kind.
        while self._reserved and (first := next(iter(self._reserved.items())))[1].until <= now:
            del self._reserved[first[0]]
        while self._finalized and (mark := next(iter(self._finalized.items())))[1] <= now:
            del self._finalized[mark[0]]

    def _month(self) -> str:
        return datetime.fromtimestamp(self._now(), UTC).strftime("%Y-%m")
