"""Clocks made from others: the calendar that a demo may move, and one that stands still."""

from datetime import datetime, timedelta
from pathlib import Path

from app.errors import Invalid
from app.ports import Clock


class ShiftedClock:
    """The calendar: another clock plus a shift in whole seconds kept in a file, so that all processes agree on it.

    Without the file it is the other clock. Only the demo moves it; sessions and nonces use the other clock directly.
    """

    def __init__(self, base: Clock, file: Path) -> None:
        self._base = base
        self._file = file

    def now(self) -> datetime:
        return self._base.now() + timedelta(seconds=self.shift())

    def shift(self) -> int:
        """Seconds ahead of the other clock."""
        try:
            return int(self._file.read_text(encoding="ascii"))
        except FileNotFoundError:
            return 0
        except ValueError:
            raise Invalid("The calendar file holds no number.", hint="Remove it to return to today.") from None

    def advance(self, seconds: int) -> None:
        """Move forward; a calendar never goes back."""
        if seconds < 0:
            raise Invalid("The calendar only moves forward.")
        aside = self._file.with_suffix(".new")
        aside.write_text(str(self.shift() + seconds), encoding="ascii")
        aside.replace(self._file)


class MemoryClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: int) -> None:
        self._now += timedelta(seconds=seconds)
