"""The voice's own words, read from the TOML files beside it."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def read(name: str) -> Mapping[str, Any]:
    """The contents of `words/<name>.toml`."""
    text = files("personalities").joinpath("voice", "words", f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def lines(name: str, *path: str) -> tuple[str, ...]:
    """The list of lines at that place of `words/<name>.toml`; empty when there is none."""
    found: Any = read(name)
    for key in path:
        found = found.get(key, {}) if isinstance(found, Mapping) else {}
    return tuple(found) if isinstance(found, list) else ()


@cache
def words(key: str) -> frozenset[str]:
    """A set of words of `words/lexicon.toml`, written there as one long text."""
    return frozenset(str(read("lexicon")[key]).split())
