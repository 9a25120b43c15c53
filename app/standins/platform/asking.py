"""Validation of what is asked, with the platform's limits.

It is written in JavaScript, so lengths count UTF-16 units (an emoji is two), 2.0 is an integer, and null is not the
same as absent. Unknown fields are dropped.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from app.standins.platform.refusals import invalid
from app.standins.platform.tiers import ALIASES, tokens_in

MAX_BODY: Final = 128 * 1024
"""Bytes."""
_KEY: Final = re.compile(r"[\x20-\x7e]{1,128}")
_ROLES: Final = ("user", "assistant", "system")
_STRATEGIES: Final = ("best_of_n", "consensus", "fallback")

Check = Callable[[Any, str], Any]


@dataclass(frozen=True, slots=True)
class Message:
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid request body."""

    agent: str
    messages: Sequence[Message]
    alias: str | None
    tools: Sequence[str]
    metadata: Mapping[str, Any]
    ensemble: Mapping[str, Any] | None

    @property
    def prompt_tokens(self) -> int:
        return tokens_in(sum(len(message.content) for message in self.messages))


def parse(body: bytes, content_type: str) -> Any:
    """The body as JSON; an empty object when it isn't declared as JSON. Raises 400 for what can't be parsed."""
    if content_type.partition(";")[0].strip().lower() != "application/json" or not body:
        return {}
    try:
        value = json.loads(body.decode("utf-8", "replace"), parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise invalid("The body is not valid JSON.") from None
    if not isinstance(value, dict | list):
        raise invalid("The body must be a JSON object.")
    return value


def read(value: Any) -> Asked:
    """The parsed body, checked. Raises 400 INVALID_REQUEST naming the first field that is wrong."""
    if not isinstance(value, dict):
        raise invalid("The body must be a JSON object.")
    fields: dict[str, Any] = value
    agent = _text(256)(_required(fields, "agent"), "agent")
    messages = _list(_message, 1, 50)(_required(fields, "messages"), "messages")
    _optional(fields, "idempotencyKey", _key)  # checked, then ignored: only the header counts
    return Asked(
        agent=agent,
        messages=messages,
        alias=_optional(fields, "modelAlias", _one_of(ALIASES)),
        tools=_optional(fields, "tools", _list(_text(256), 0, 20)) or (),
        metadata=_optional(fields, "metadata", _object) or {},
        ensemble=_optional(fields, "ensemble", _ensemble),
    )


def read_key(values: Sequence[str]) -> str | None:
    """The idempotency key of a request's `X-Idempotency-Key` headers; None without one. Raises 400."""
    if not values:
        return None
    if len(values) > 1:
        raise invalid("X-Idempotency-Key must be a single value.")
    if not _KEY.fullmatch(values[0]):
        raise invalid("X-Idempotency-Key takes 1 to 128 printable ASCII characters.")
    return values[0]


def _required(fields: Mapping[str, Any], name: str) -> Any:
    if name not in fields:
        raise invalid(f"{name} is missing.")
    return fields[name]


def _optional(fields: Mapping[str, Any], name: str, check: Check) -> Any:
    return check(fields[name], name) if name in fields else None


def _text(most: int) -> Check:
    def check(value: Any, at: str) -> str:
        if not isinstance(value, str) or not 1 <= _units(value) <= most:
            raise invalid(f"{at} must be a string of 1 to {most} characters.")
        return value

    return check


def _one_of(allowed: Sequence[str]) -> Check:
    def check(value: Any, at: str) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise invalid(f"{at} must be one of {', '.join(allowed)}.")
        return value

    return check


def _list(item: Check, least: int, most: int) -> Check:
    def check(value: Any, at: str) -> tuple[Any, ...]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise invalid(f"{at} must be a list of {least} to {most} items.")
        return tuple(item(each, f"{at}[{index}]") for index, each in enumerate(value))

    return check


def _integer(value: Any, at: str) -> int:
    whole = (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and value.is_integer()
    )
    if not whole or not 2 <= value <= 10:
        raise invalid(f"{at} must be an integer from 2 to 10.")
    return int(value)


def _object(value: Any, at: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise invalid(f"{at} must be an object.")
    return value


def _message(value: Any, at: str) -> Message:
    fields = _object(value, at)
    return Message(
        _one_of(_ROLES)(_required(fields, "role"), f"{at}.role"),
        _text(32_000)(_required(fields, "content"), f"{at}.content"),
    )


def _key(value: Any, at: str) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise invalid(f"{at} must be 1 to 128 printable ASCII characters.")
    return value


def _ensemble(value: Any, at: str) -> Mapping[str, Any]:
    fields = _object(value, at)
    checked = {
        "strategy": _one_of(_STRATEGIES)(_required(fields, "strategy"), f"{at}.strategy"),
        "models": _optional(fields, "models", _list(_text(256), 0, 5)),
        "n": _optional(fields, "n", _integer),
        "quorum": _optional(fields, "quorum", _integer),
    }
    return {name: each for name, each in checked.items() if each is not None}


def _units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _not_json(_name: str) -> NoReturn:
    raise ValueError
