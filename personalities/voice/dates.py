"""Days in what people write: “tomorrow”, “on Friday”, “in two weeks”, “5 March”, “2026-12-24”."""

import re
from datetime import date, timedelta

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_NUMBERS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_MONTH = "|".join(f"{month[:3]}(?:{month[3:]})?" if month != "may" else "may" for month in _MONTHS) + "|sept"
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY_MONTH = re.compile(rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b\.?(?:,? (\d{{4}}))?", re.I)
_MONTH_DAY = re.compile(rf"\b({_MONTH})\b\.? (?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?", re.I)
_WEEKDAY = re.compile(rf"\b(?:(last|next|this|on|by|until|till|coming|every) )?({'|'.join(_WEEKDAYS)})\b", re.I)
_IN = re.compile(rf"\bin (\d{{1,3}}|{'|'.join(_NUMBERS)}) (day|week)s?\b", re.I)
_NAMED = (
    (re.compile(r"\bthe day after tomorrow\b", re.I), 2),
    (re.compile(r"\b(?:tomorrow|tmrw|tomorow|tommorow)\b", re.I), 1),
    (re.compile(r"\b(?:tonight|this (?:evening|afternoon|morning)|today)\b", re.I), 0),
    (re.compile(r"\b(?:yesterday|last night)\b", re.I), -1),
)


def parse_day(text: str) -> date | None:
    """A day written as YYYY-MM-DD; None when it is not one."""
    return _day(int(text[:4]), int(text[5:7]), int(text[8:])) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None


def find_day(text: str, today: str) -> tuple[str, str | None] | None:
    """The first day mentioned: its words and, where it can be computed from `today` (YYYY-MM-DD), the ISO day.
    Weekdays mean the coming one unless `last` stands before them; a date without a year means the coming one."""
    now = parse_day(today)
    if found := _ISO.search(text):
        day = _day(int(found[1]), int(found[2]), int(found[3]))
        return (found[0], day.isoformat()) if day else None
    for pattern, month_at, day_at in ((_DAY_MONTH, 2, 1), (_MONTH_DAY, 1, 2)):
        if found := pattern.search(text):
            month = next(at for at, name in enumerate(_MONTHS, 1) if name.startswith(found[month_at][:3].lower()))
            return found[0], _iso(_coming(int(found[3]) if found[3] else None, month, int(found[day_at]), now))
    for named, days in _NAMED:
        if found := named.search(text):
            return found[0], _iso(_shift(now, days))
    if found := _IN.search(text):
        count = _NUMBERS.get(found[1].lower()) or int(found[1])
        return found[0], _iso(_shift(now, count * (7 if found[2].lower() == "week" else 1)))
    if (found := _WEEKDAY.search(text)) and (found[1] or "").lower() != "every":
        ahead = (_WEEKDAYS.index(found[2].lower()) - now.weekday()) % 7 or 7 if now else 0
        return found[0], _iso(_shift(now, ahead - 7 if (found[1] or "").lower() == "last" else ahead))
    return None


def day_before(today: str) -> str:
    """The ISO day before that one; empty when `today` is no day."""
    return _iso(_shift(parse_day(today), -1)) or ""


def _coming(year: int | None, month: int, day: int, now: date | None) -> date | None:
    if year is not None:
        return _day(year, month, day)
    if now is None:
        return None
    this = _day(now.year, month, day)
    return this if this and this >= now else _day(now.year + 1, month, day)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _shift(day: date | None, days: int) -> date | None:
    try:
        return day + timedelta(days=days) if day else None
    except OverflowError:
        return None


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
