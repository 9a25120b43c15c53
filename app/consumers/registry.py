"""The registry of checks: small pure functions that rules name, with parameters.

A check takes an `Observation` and keyword parameters, and answers a `Finding`. Parameter names and types come from its
signature, so a rule file that names a check wrongly is refused when it is loaded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

SHOWN = 160
"""Characters of foreign text that a finding may quote."""


@dataclass(frozen=True, slots=True)
class Finding:
    ok: bool | None
    """None: the check does not apply to what was observed."""
    seen: str
    """What was seen, in words; quotes at most 160 characters of foreign text, printable ones only."""


Check = Callable[..., Finding]
CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Register a check under the name by which rules call it."""

    def register(function: Check) -> Check:
        if name in CHECKS:
            raise ValueError(f"two checks are named {name}")
        CHECKS[name] = function
        return function

    return register


def passed(seen: str) -> Finding:
    return Finding(True, seen)


def failed(seen: str) -> Finding:
    return Finding(False, seen)


def skipped(seen: str) -> Finding:
    return Finding(None, seen)


def judged(ok: bool, seen: str) -> Finding:
    return Finding(ok, seen)


def shown(value: Any, limit: int = SHOWN) -> str:
    """Foreign text or data, safe to print: one line, printable characters, bounded."""
    text = value if isinstance(value, str) else repr(value)
    text = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[: limit + 1])
    return text if len(text) <= limit else text[: limit - 1] + "…"


def listed(items: list[str], limit: int = 4) -> str:
    """The first few of many, for one line."""
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more
