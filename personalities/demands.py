"""What the lines of a pack ask of its slots and signals. The pack need not be complete, nor right."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from personalities.dials import DIALS
from personalities.fields import Data
from personalities.templates import REFERENCE
from personalities.traits import NOT_FACETS

_SPEAKING = ("document.toml", "words.toml", "dials.toml", "slots/", "signals/")
"""Files, and beginnings of names of files, whose texts are templates."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One facet that lines ask for."""

    id: str
    """Of a slot or signal."""
    facet: str
    by: tuple[str, ...]
    """The files whose lines ask for it."""
    file: str
    """Where it belongs; empty when pack.toml lists neither a slot nor a signal of that id."""
    met: bool
    """Whether every option of that file has it."""


def demands(contents: Mapping[str, Data]) -> tuple[Demand, ...]:
    """All facets that the pack's lines ask for, by id and facet. `contents` are the parsed files by name."""
    asked: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for file in sorted(contents):
        if file.startswith(_SPEAKING):
            for text in _texts(contents[file]):
                for _, key, facet in REFERENCE.findall(text):
                    if facet and key not in DIALS:
                        asked[key, facet][file] = None
    head = contents.get("pack.toml", {})
    files = {key: f"{kind}/{key}.toml" for kind in ("slots", "signals") for key in _listed(head, kind)}
    found = []
    for key, facet in sorted(asked):
        file = files.get(key, "")
        found.append(Demand(key, facet, tuple(asked[key, facet]), file, facet in _there(contents.get(file))))
    return tuple(found)


def _listed(head: Data, kind: str) -> list[str]:
    ids = head.get(kind)
    return [key for key in ids if isinstance(key, str)] if isinstance(ids, list) else []


def _there(data: Data | None) -> set[str]:
    """The facets that every option of a slot or signal has."""
    if data is None:
        return set()
    options = data.get("option")
    entries = options if isinstance(options, list) else []
    named = [set(option) - set(NOT_FACETS) for option in entries if isinstance(option, dict)]
    return {"label"}.union(set.intersection(*named) if named else ())


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
