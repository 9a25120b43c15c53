"""What the talk of a project costs: by day, token, pool, task and model, what is left, and where the month is going.

All money is integer micro-USD. Days are UTC.
"""

import calendar
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from app.db.database import Database
from app.db.repositories import Unit
from app.db.repositories.costs import Dimension, Sums
from app.db.tables import Collection
from app.dialogue import Budget
from app.errors import DnftError, Invalid, NotFound
from app.ports import Clock
from app.provenance.ids import AgentId, checksum_address

MOST_DAYS: Final = 366
MOST_TOKENS: Final = 100
"""Tokens listed, the dearest."""
BASIS_DAYS: Final = 7
"""Whole days whose mean the forecast goes on with."""
_ZERO: Final = Sums((), 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where the month is going if every day from today is like the mean of the last whole days."""

    spent_micro: int
    """Since the first of the month, what is reserved included."""
    mean_micro: int
    """A day, rounded up."""
    basis_days: int
    """Whole days the mean is over; 0 when there is none yet, and today stands for all."""
    month_micro: int
    """By the end of the month."""


@dataclass(frozen=True, slots=True)
class Report:
    """All sums of the days from `first_day` to `last_day`, both included."""

    project: str
    collection: str | None
    first_day: str
    last_day: str
    total: Sums
    by: Mapping[Dimension, Sequence[Sums]]
    agents: Mapping[tuple[int, int], str]
    """CAIP-19 ids, by (collection id, token id), of the tokens listed."""
    forecast: Forecast
    day_limit_micro: int | None
    """What the project may spend a day by our own limit; None without one."""
    day_left_micro: int | None
    platform: Budget | None
    """What the platform says is left, when it shows us."""
    platform_says: str
    """Why it does not; empty when it does."""

    def to_json(self) -> dict[str, Any]:
        """Members in camelCase, money in members that end with Micro."""
        left = self.platform
        return {
            "project": self.project,
            "collection": self.collection,
            "firstDay": self.first_day,
            "lastDay": self.last_day,
            "total": _sums(self.total),
            "byDay": [{"day": each.key[0], **_sums(each)} for each in self.by["day"]],
            "byToken": [{"agent": self.agents[each.key], **_sums(each)} for each in self.by["token"]],
            "byPool": [{"pool": each.key[0], **_sums(each)} for each in self.by["pool"]],
            "byTask": [{"task": each.key[0], **_sums(each)} for each in self.by["task"]],
            "byModel": [{"model": each.key[0] or None, **_sums(each)} for each in self.by["model"]],
            "month": {
                "spentMicro": self.forecast.spent_micro,
                "forecastMicro": self.forecast.month_micro,
                "meanDayMicro": self.forecast.mean_micro,
                "basisDays": self.forecast.basis_days,
            },
            "budget": {
                "ours": None
                if self.day_limit_micro is None
                else {"limitMicro": self.day_limit_micro, "remainingMicro": self.day_left_micro, "period": "day"},
                "platform": None
                if left is None
                else {
                    "limitMicro": left.limit_micro,
                    "spentMicro": left.spent_micro,
                    "remainingMicro": left.remaining_micro,
                    "warning": left.warning,
                    "period": "month",
                },
                "platformSays": self.platform_says,
            },
        }


class Costs:
    """`calendar` gives today; `budget` asks the platform, and may raise any DnftError; `day_limit_micro` is what a
    project may spend a day."""

    def __init__(
        self,
        database: Database,
        calendar: Clock,
        budget: Callable[[], Budget | None],
        *,
        day_limit_micro: int | None = None,
    ) -> None:
        self._database = database
        self._calendar = calendar
        self._budget = budget
        self._day_limit = day_limit_micro

    def report(self, project: str, *, collection: str | None = None, days: int = 30) -> Report:
        """The last `days` days and today's month, of a project by its name, or of one of its collections by slug.
        Raises Invalid, NotFound."""
        if not 1 <= days <= MOST_DAYS:
            raise Invalid(f"The number of days is 1 to {MOST_DAYS}.")
        today = self._calendar.now().date()
        first, last = (today - timedelta(days=days - 1)).isoformat(), today.isoformat()
        with self._database.read() as unit:
            project_id = next((each.id or 0 for each in unit.collections.projects() if each.name == project), 0)
            collections = {each.id or 0: each for each in unit.collections.of(project_id)}
            chosen = _chosen(collections, collection)
            dimensions: tuple[Dimension, ...] = ("day", "token", "pool", "task", "model")
            by = {
                each: unit.costs.grouped(
                    project_id, each, first, last, collection_id=chosen, most=MOST_TOKENS if each == "token" else None
                )
                for each in dimensions
            }
            total = _all(unit, project_id, first, last, chosen)
            forecast = self._forecast(unit, project_id, today, chosen)
            today_all = _all(unit, project_id, last, last, None)
        platform, says = self._platform()
        return Report(
            project=project,
            collection=collection,
            first_day=first,
            last_day=last,
            total=total,
            by=by,
            agents={(place, token): _agent(collections[place], token) for place, token in (e.key for e in by["token"])},
            forecast=forecast,
            day_limit_micro=self._day_limit,
            day_left_micro=None
            if self._day_limit is None
            else max(self._day_limit - today_all.cost_micro - today_all.reserved_micro, 0),
            platform=platform,
            platform_says=says,
        )

    def _forecast(self, unit: Unit, project_id: int, today: date, chosen: int | None) -> Forecast:
        def spent(first: date, last: date) -> int:
            sums = _all(unit, project_id, first.isoformat(), last.isoformat(), chosen)
            return sums.cost_micro + sums.reserved_micro

        began = unit.costs.first_day(project_id, collection_id=chosen)
        # A project of three days has no mean of seven.
        basis = min(BASIS_DAYS, (today - date.fromisoformat(began)).days) if began is not None else 0
        week = spent(today - timedelta(days=basis), today - timedelta(days=1)) if basis > 0 else 0
        return forecast(today, spent(today.replace(day=1), today), spent(today, today), week, max(basis, 0))

    def _platform(self) -> tuple[Budget | None, str]:
        try:
            found = self._budget()
        except DnftError as error:
            return None, error.message
        return found, "" if found is not None else "The platform shows its budget to administrators only."


def forecast(today: date, month_micro: int, today_micro: int, basis_micro: int, basis_days: int) -> Forecast:
    """`month_micro` is spent since the first of the month, `today_micro` of it today, `basis_micro` in the
    `basis_days` whole days before today. Today ends at the mean, or where it is already; every later day at the mean.
    """
    days = calendar.monthrange(today.year, today.month)[1] - today.day
    money, over = (basis_micro, basis_days) if basis_days else (today_micro, 1)
    mean = -(-money // over)
    by_the_end = month_micro - today_micro + max(today_micro, mean) - (-money * days // over)
    return Forecast(month_micro, mean, basis_days, by_the_end)


def _chosen(collections: Mapping[int, Collection], slug: str | None) -> int | None:
    if slug is None:
        return None
    for identity, collection in collections.items():
        if collection.slug == slug:
            return identity
    raise NotFound(f"There is no collection {slug!r} in this project.", hint="`dnft status` lists them.")


def _all(unit: Unit, project_id: int, first: str, last: str, collection_id: int | None) -> Sums:
    return (*unit.costs.grouped(project_id, "all", first, last, collection_id=collection_id), _ZERO)[0]


def _agent(collection: Collection, token_id: int) -> str:
    if collection.contract is None:
        return f"{collection.slug}/{token_id}"
    return str(AgentId(collection.chain_id, checksum_address(collection.contract), token_id))


def _sums(sums: Sums) -> dict[str, int]:
    return {
        "replies": sums.replies,
        "promptTokens": sums.prompt_tokens,
        "completionTokens": sums.completion_tokens,
        "costMicro": sums.cost_micro,
        "estimatedMicro": sums.estimated_micro,
        "reservedMicro": sums.reserved_micro,
    }
