"""Typed access to the parsed data of a pack's files: each function gives the value or says where it is wrong."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from personalities.errors import PackError
from personalities.templates import Template, parse

Data = Mapping[str, Any]

MAX_WEIGHT = 1_000_000


def only(data: Data, allowed: tuple[str, ...], where: str) -> None:
    """Refuse keys nobody reads: they are misspellings."""
    if unknown := sorted(set(data) - set(allowed)):
        raise PackError(f"{where}: {unknown[0]!r} is not a key here; the keys are {', '.join(allowed)}")


def table(data: Data, key: str, where: str) -> Data:
    value = data.get(key)
    if not isinstance(value, Mapping) or not value:
        raise PackError(f"{where}: [{key}] is missing")
    return value


def tables(data: Data, key: str, where: str) -> list[Data]:
    value = data.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise PackError(f"{where}: there must be at least one [[{key}]]")
    return value


def text(data: Data, key: str, where: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise PackError(f"{where}: {key} must be a text")
    return value


def texts(data: Data, key: str, where: str) -> list[str]:
    value = data.get(key)
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise PackError(f"{where}: {key} must be a list of texts, at least one")
    most, times = Counter(value).most_common(1)[0]
    if times > 1:
        raise PackError(f"{where}: {key} holds {most!r} twice")
    return value


def number(data: Data, key: str, where: str, *, default: int | None = None) -> int:
    value = data.get(key, default)
    if type(value) is not int:
        raise PackError(f"{where}: {key} must be an integer")
    return value


def weight(data: Data, of: str, where: str) -> int:
    value = data.get("weight", 1)
    if type(value) is not int or not 1 <= value <= MAX_WEIGHT:
        raise PackError(f"{where}: the weight of {of} must be an integer above zero, at most {MAX_WEIGHT}")
    return value


def templates(data: Data, key: str, where: str) -> tuple[Template, ...]:
    return tuple(parse(line, f"{where}: {key}") for line in texts(data, key, where))


def templates_by_key(data: Data, where: str) -> dict[str, tuple[Template, ...]]:
    return {key: templates(data, key, where) for key in data}
