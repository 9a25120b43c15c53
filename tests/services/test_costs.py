"""Sums, budgets and the forecast, on both databases; and what is kept of the platform's calls."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.clocks import MemoryClock
from app.adapters.platform_recording import Tally
from app.db.database import Database
from app.db.migrate import migrate
from app.db.tables import Charge, ChatMessage, Conversation
from app.dialogue import Budget
from app.errors import Invalid, NotFound, PlatformUnavailable
from app.provenance.ids import AgentId, checksum_address
from app.services.costs import MOST_TOKENS, Costs, Forecast, Report, forecast
from app.services.coverage import CAPABILITIES, Coverage
from tests.db import rows

TODAY = "2026-11-21"
CLOCK = MemoryClock(datetime(2026, 11, 21, 12, tzinfo=UTC))
CONTRACT = "0x" + "ab" * 20


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.part("postgres"))])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'costs.db'}"
    if request.param == "postgres":
        fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
        url = fresh()
    made = Database(url)
    migrate(made)
    yield made
    made.close()


class Books:
    """A project with two collections, and a way to put charges on them."""

    def __init__(self, database: Database, name: str = "mine") -> None:
        self.database = database
        self._count = 0
        self._name = name
        with database.write() as unit:
            self.project = unit.collections.project(name, 1).id or 0
            contract = CONTRACT if name == "mine" else None
            self.town = unit.collections.add(rows.collection(self.project, "town", contract=contract)).id or 0
            self.port = unit.collections.add(rows.collection(self.project, "port")).id or 0

    def charge(self, cost_micro: int = 100, day: str = TODAY, **changes: Any) -> None:
        self._count += 1
        values: dict[str, Any] = {
            "key": f"{self._name}-{self._count}",
            "project_id": self.project,
            "collection_id": self.town,
            "token_id": 1,
            "user": "a" * 32,
            "conversation_id": "c" * 32,
            "number": 2 * self._count,
            "day": day,
            "pool": "cheap",
            "task": "chat",
            "state": "settled",
            "reserved_micro": 0,
            "cost_micro": cost_micro,
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "created_at": 1,
        }
        with self.database.write() as unit:
            unit.charges.reserve(Charge(**{**values, **changes}))

    def message(self, number: int, model: str) -> None:
        """The reply that a charge was for."""
        with self.database.write() as unit:
            if unit.session.get(Conversation, "c" * 32) is None:
                unit.session.add(
                    Conversation(
                        id="c" * 32,
                        project_id=self.project,
                        collection_id=self.town,
                        token_id=1,
                        tenure=1,
                        user="a" * 32,
                        role="owner",
                        consent="1",
                        created_at=1,
                        updated_at=1,
                    )
                )
                unit.flush()
            unit.session.add(
                ChatMessage(
                    project_id=self.project,
                    conversation_id="c" * 32,
                    number=number,
                    role="assistant",
                    state="complete",
                    model=model,
                    created_at=1,
                )
            )


@pytest.fixture
def books(database: Database) -> Books:
    return Books(database)


def report(books: Books, budget: Callable[[], Budget | None] = lambda: None, **options: Any) -> Report:
    limit = options.pop("limit", None)
    return Costs(books.database, CLOCK, budget, day_limit_micro=limit).report("mine", **options)


def test_report_of_nothing_is_zero(books: Books) -> None:
    found = report(books)
    assert found.total.cost_micro == found.total.replies == found.forecast.month_micro == 0
    assert all(not sums for sums in found.by.values())
    assert (found.first_day, found.last_day) == ("2026-10-23", TODAY)


def test_report_sums_by_every_dimension(books: Books) -> None:
    books.charge(100)
    books.charge(250, "2026-11-20", pool="reviewer", task="code")
    books.charge(50, collection_id=books.port, token_id=7)
    books.message(2, "small-1")
    found = report(books)
    assert {each.key: each.cost_micro for each in found.by["day"]} == {("2026-11-20",): 250, (TODAY,): 150}
    assert [each.key for each in found.by["day"]] == [("2026-11-20",), (TODAY,)], "days in their order"
    tokens = {found.agents[each.key]: each.cost_micro for each in found.by["token"]}
    assert tokens == {str(AgentId(31337, checksum_address(CONTRACT), 1)): 350, "port/7": 50}
    assert [(each.key[0], each.cost_micro) for each in found.by["pool"]] == [("reviewer", 250), ("cheap", 150)]
    assert [(each.key[0], each.replies) for each in found.by["task"]] == [("code", 1), ("chat", 2)]
    assert [(each.key[0], each.cost_micro) for each in found.by["model"]] == [("", 300), ("small-1", 100)]
    assert (found.total.prompt_tokens, found.total.completion_tokens, found.total.cost_micro) == (30, 15, 400)


def test_report_tells_reserved_estimated_and_void_apart(books: Books) -> None:
    books.charge(0, state="reserved", reserved_micro=900)
    books.charge(70, estimated=True)
    books.charge(5, first=False)
    books.charge(1_000_000, state="void")
    found = report(books, limit=10_000)
    assert found.total[1:] == (2, 30, 15, 75, 70, 900)
    assert found.day_left_micro == 10_000 - 975
    assert found.forecast.spent_micro == 975


def test_report_of_days_and_of_a_collection_leaves_the_rest_out(books: Books) -> None:
    books.charge(1, "2026-11-20")
    books.charge(10)
    books.charge(100, collection_id=books.port)
    assert report(books, days=1).total.cost_micro == 110
    assert report(books, days=1, collection="port").total.cost_micro == 100
    assert report(books, collection="town").total.cost_micro == 11


def test_report_shows_nothing_of_another_project(books: Books) -> None:
    other = Books(books.database, "theirs")
    other.charge(999)
    books.charge(1)
    assert report(books, limit=100).total.cost_micro == 1
    assert report(books, limit=100).day_left_micro == 99
    assert Costs(books.database, CLOCK, lambda: None).report("nobody").total.cost_micro == 0


def test_report_lists_the_dearest_tokens_only(books: Books) -> None:
    for token in range(MOST_TOKENS + 5):
        books.charge(token + 1, token_id=token)
    listed = report(books).by["token"]
    assert len(listed) == MOST_TOKENS
    assert listed[0].cost_micro == MOST_TOKENS + 5 and listed[-1].cost_micro == 6


def test_report_refuses_days_beyond_a_year_and_unknown_collections(books: Books) -> None:
    for days in (0, 367):
        with pytest.raises(Invalid):
            report(books, days=days)
    with pytest.raises(NotFound) as caught:
        report(books, collection="nowhere")
    assert "dnft status" in caught.value.hint


def test_report_survives_a_platform_that_is_away_or_says_nothing(books: Books) -> None:
    def away() -> Budget | None:
        raise PlatformUnavailable("The platform is away.")

    assert report(books, away).platform_says == "The platform is away."
    assert "administrators" in report(books).platform_says
    seen = report(books, lambda: Budget(1_000_000, 900_000, 100_000, True)).to_json()
    assert seen["budget"]["platform"] == {
        "limitMicro": 1_000_000,
        "spentMicro": 900_000,
        "remainingMicro": 100_000,
        "warning": True,
        "period": "month",
    }
    assert seen["budget"]["platformSays"] == ""


def test_report_as_json_has_whole_numbers_only(books: Books) -> None:
    books.charge(3)

    def numbers(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            for each in value.values():
                yield from numbers(each)
        elif isinstance(value, list):
            for each in value:
                yield from numbers(each)
        else:
            yield value

    assert not [value for value in numbers(report(books, limit=7).to_json()) if isinstance(value, float)]


# --- where the month is going


def test_forecast_goes_on_with_the_mean_of_the_last_seven_whole_days(books: Books) -> None:
    for day in range(10, 21):
        books.charge(700 if day < 14 else 100, f"2026-11-{day}")
    books.charge(30)
    # 4 × 700 and 7 × 100 before today; today ends at the mean; nine more days.
    assert report(books).forecast == Forecast(3530, 100, 7, 3500 + 100 + 9 * 100)


def test_forecast_of_a_young_project_is_the_mean_of_the_days_it_has(books: Books) -> None:
    books.charge(300, "2026-11-19")
    books.charge(101, "2026-11-20")
    assert report(books).forecast == Forecast(401, 201, 2, 401 + 201 + (401 * 9 + 1) // 2)


def test_forecast_of_the_first_day_goes_on_as_today(books: Books) -> None:
    books.charge(40)
    assert report(books).forecast == Forecast(40, 40, 0, 400)


def test_forecast_counts_a_gap_as_days_without_cost(books: Books) -> None:
    books.charge(700, "2026-11-01")
    assert report(books).forecast == Forecast(700, 0, 7, 700)


def test_forecast_on_the_last_day_of_a_month_adds_nothing_but_today() -> None:
    assert forecast(date(2026, 2, 28), 1000, 10, 700, 7) == Forecast(1000, 100, 7, 1090)
    assert forecast(date(2026, 2, 28), 1000, 500, 700, 7).month_micro == 1000


@given(
    st.dates(date(2024, 1, 1), date(2030, 12, 31)),
    st.integers(0, 10**15),
    st.integers(0, 10**15),
    st.integers(0, 10**15),
    st.integers(0, 7),
)
def test_forecast_is_whole_and_never_below_what_is_spent(
    today: date, before: int, spent_today: int, basis: int, days: int
) -> None:
    found = forecast(today, before + spent_today, spent_today, basis if days else 0, days)
    assert type(found.month_micro) is int
    assert found.month_micro >= found.spent_micro == before + spent_today


# --- coverage


def test_coverage_adds_up_what_it_is_handed(database: Database) -> None:
    coverage = Coverage(database, CLOCK)
    assert coverage.report()["exercised"] == 0
    coverage.record({"invoke": Tally(3), "stream": Tally(0, 2, "budget-exhausted")})
    coverage.record({"invoke": Tally(1, 1, "stream-broken")})
    coverage.record({"invoke": Tally(1)})
    found = {row["name"]: row for row in coverage.report()["capabilities"]}
    assert list(found) == [each.name for each in CAPABILITIES] and len(found) == 8
    assert (found["invoke"]["ok"], found["invoke"]["errors"], found["invoke"]["lastError"]) == (5, 1, "stream-broken")
    assert found["invoke"]["exercised"] and found["invoke"]["lastAt"] == "2026-11-21T12:00:00Z"
    assert not found["stream"]["exercised"], "failing is not exercising"
    assert found["byok"]["lastAt"] is None and found["byok"]["friction"]


def test_coverage_recorded_by_many_at_once_loses_nothing(database: Database) -> None:
    def record() -> None:
        coverage = Coverage(database, CLOCK)
        for _ in range(10):
            coverage.record({"stream": Tally(1), "invoke": Tally(1), "tokens": Tally(2)})

    threads = [Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = {row["name"]: row["ok"] for row in Coverage(database, CLOCK).report()["capabilities"]}
    assert (found["invoke"], found["stream"], found["tokens"]) == (40, 40, 80)
