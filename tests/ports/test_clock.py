"""What a Clock promises, asked of the real one, the calendar a demo may move, and the one that stands still."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.clocks import MemoryClock, ShiftedClock
from app.bootstrap import SystemClock, World
from app.errors import Invalid
from app.ports import Clock
from tests.worlds import settings_for

START = datetime(2026, 11, 20, 23, 59, 30, tzinfo=UTC)


@pytest.fixture(params=["system", "shifted", "memory"])
def clock(request: pytest.FixtureRequest, tmp_path: Path) -> Clock:
    made: dict[str, Callable[[], Clock]] = {
        "system": SystemClock,
        "shifted": lambda: ShiftedClock(SystemClock(), tmp_path / "calendar"),
        "memory": lambda: MemoryClock(START),
    }
    return made[request.param]()


def test_now_is_aware_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC
    assert clock.now().utcoffset() == timedelta(0)


def test_now_never_goes_back(clock: Clock) -> None:
    seen = [clock.now() for _ in range(50)]
    assert seen == sorted(seen)


def test_system_now_is_the_time_of_this_machine() -> None:
    assert abs(SystemClock().now().timestamp() - time.time()) < 1


def test_memory_stands_still_until_moved() -> None:
    clock = MemoryClock(START)
    assert clock.now() == clock.now() == START
    clock.advance(45)
    assert clock.now() == START + timedelta(seconds=45)
    assert clock.now().date() > START.date()


def test_shifted_without_a_file_is_the_other_clock(tmp_path: Path) -> None:
    assert ShiftedClock(MemoryClock(START), tmp_path / "calendar").now() == START


def test_shifted_advance_adds_up_and_is_seen_by_every_process(tmp_path: Path) -> None:
    base = MemoryClock(START)
    one, other = (ShiftedClock(base, tmp_path / "calendar") for _ in range(2))
    one.advance(86_400)
    other.advance(60)
    assert one.now() == other.now() == START + timedelta(days=1, minutes=1)
    base.advance(5)
    assert one.now() == START + timedelta(days=1, minutes=1, seconds=5)
    assert [path.name for path in tmp_path.iterdir()] == ["calendar"]


def test_shifted_never_goes_back(tmp_path: Path) -> None:
    clock = ShiftedClock(MemoryClock(START), tmp_path / "calendar")
    clock.advance(10)
    with pytest.raises(Invalid):
        clock.advance(-1)
    assert clock.shift() == 10


@pytest.mark.parametrize("content", [b"soon", b"", b"1.5", b"\xff\xfe"])
def test_shifted_damaged_file_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "calendar").write_bytes(content)
    with pytest.raises(Invalid) as caught:
        ShiftedClock(MemoryClock(START), tmp_path / "calendar").now()
    assert "Remove it" in caught.value.hint


def test_world_moves_the_calendar_and_never_the_security_clock(tmp_path: Path) -> None:
    world = World(settings_for(tmp_path), clock=MemoryClock(START))
    assert isinstance(world.calendar, ShiftedClock)
    world.calendar.advance(86_400)
    assert world.calendar.now() - world.clock.now() == timedelta(days=1)


def test_world_in_production_ignores_a_moved_calendar(tmp_path: Path) -> None:
    (tmp_path / "calendar").write_text("86400")
    world = World(settings_for(tmp_path, env="production"))
    assert abs(world.calendar.now() - world.clock.now()) < timedelta(seconds=1)
