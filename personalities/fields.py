"""Typed access to the parsed data of a pack's files: each function gives the value or says where it is wrong."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from personalities.errors import PackError
from personalities.templates import Template, parse

Data = Mapping[str, Any]

MAX_WEIGHT = 1_000_000
_COMPARED = 60
"""Characters of a misspelt word that are compared with the known ones."""
_LIKE = 0.7
"""From this share of common letters on, a word passes for a misspelling of another."""
_MOST = 20
"""Misspelt keys that one error names."""


def meant(word: str, known: Iterable[str]) -> str:
    """What to add to a sentence about an unknown word: the known one that is most like it, if any is."""
    found = get_close_matches(word[:_COMPARED], list(known), n=1, cutoff=_LIKE)
    return f"; did you mean {found[0]}?" if found else ""


def listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"


def only(data: Data, allowed: tuple[str, ...], where: str) -> None:
    """Refuse keys nobody reads: they are misspellings."""
    problems = [
        f"{where}: {key!r} is not a key here; the keys are {', '.join(allowed)}{meant(key, allowed)}"
        for key in sorted(set(data) - set(allowed))
    ]
    if problems:
        raise PackError(*problems[:_MOST])


def table(data: Data, key: str, where: str) -> Data:
    value = data.get(key)
    if not isinstance(value, Mapping) or not value:
        raise PackError(f"{where}: [{key}] is missing")
    return value


def tables(data: Data, key: str, where: str) -> list[Data]:
    value = data.get(key)
    if isinstance(value, Mapping):
        raise PackError(f"{where}: [{key}] needs two brackets on each side: [[{key}]]")
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise PackError(f"{where}: there must be at least one [[{key}]]{_misspelt(key, data)}")
    return value


def text(data: Data, key: str, where: str) -> str:
    value = data.get(key)
    if value is None:
        raise PackError(f"{where}: {key} is missing{_misspelt(key, data)}")
    if not isinstance(value, str) or not value:
        raise PackError(f"{where}: {key} must be a text")
    return value


def texts(data: Data, key: str, where: str) -> list[str]:
    value = data.get(key)
    if value is None:
        raise PackError(f"{where}: {key} is missing{_misspelt(key, data)}")
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise PackError(f'{where}: {key} must be a list of texts, at least one: {key} = ["…"]')
    most, times = Counter(value).most_common(1)[0]
    if times > 1:
        raise PackError(f"{where}: {key} holds {most!r} twice")
    return value


def number(data: Data, key: str, where: str, *, default: int | None = None) -> int:
    value = data.get(key, default)
    if value is None:
        raise PackError(f"{where}: {key} is missing, and {key} must be an integer{_misspelt(key, data)}")
    if type(value) is not int:
        raise PackError(f"{where}: {key} must be an integer")
    return value


def weight(data: Data, of: str, where: str) -> int:
    value = data.get("weight", 1)
    if type(value) is not int or not 1 <= value <= MAX_WEIGHT:
        raise PackError(
            f"{where}: the weight of {of} is {value!r}; it must be an integer above zero, at most {MAX_WEIGHT}"
        )
    return value


def check_total(data: Data, weights: Sequence[int], kind: str, where: str) -> None:
    """A signal may say what its weights add up to, as those who copy them from a table of shares like to know."""
    if "total" not in data:
        return
    total, found = number(data, "total", where), sum(weights)
    if found != total:
        amount = f"{total - found} too few" if found < total else f"{found - total} too many"
        without = sum("weight" not in entry for entry in data[kind])
        counted = f"; {without} of them have no weight and count as 1 each" if without else ""
        raise PackError(
            f"{where}: the weights of {len(weights)} [[{kind}]] add up to {found}, which is {amount} for "
            f"total = {total}{counted}"
        )


def facets(data: Data, keys: tuple[str, ...], where: str) -> dict[str, tuple[Template, ...]]:
    """All that is not one of an option's `keys`: lists of lines."""
    found = {key: value for key, value in data.items() if key not in keys}
    for key, value in found.items():
        if not isinstance(value, list | str):
            raise PackError(
                f"{where}: {key!r} is not a key of an option, and a facet is a list of texts{meant(key, keys)}"
            )
    return templates_by_key(found, where)


def templates(data: Data, key: str, where: str) -> tuple[Template, ...]:
    return tuple(parse(line, f"{where}: {key}") for line in texts(data, key, where))


def templates_by_key(data: Data, where: str) -> dict[str, tuple[Template, ...]]:
    return {key: templates(data, key, where) for key in data}


def _misspelt(key: str, data: Data) -> str:
    """What stands there instead of a missing key, if it looks like it."""
    found = get_close_matches(key, [other[:_COMPARED] for other in data], n=1, cutoff=_LIKE)
    return f"; you wrote {found[0]}" if found else ""
