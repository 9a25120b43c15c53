"""Reading and writing what agent platforms send, whichever dialect: JSON, money, usage, and whether an ask can be sent.

Nothing here talks to anybody.
"""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from math import isfinite
from typing import Any, Final, get_args

from app.consumers.observation import nested_deeper
from app.dialogue import MAX_CONTENT, MAX_MESSAGES, Ask, Content, Done, Event, Pool, Reply, Role, Thinking, Usage
from app.errors import PlatformRefused

MAX_COST: Final = 10_000
"""US dollars. A turn that is said to cost more was written down wrong."""
MAX_DEPTH: Final = 100
"""Levels of JSON that an answer may have."""
_MICRO: Final = Decimal("0.000001")
_TOKENS: Final = 10**12
_DECIMAL: Final = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_KEY: Final = re.compile(r"(?! )[\x20-\x7e]{1,128}(?<! )", re.ASCII)
_FIELD: Final = re.compile(r"[\x21-\x7e]{1,256}", re.ASCII)


class Unreadable(Exception):
    """An answer is not what it should be; the text says what, and quotes nothing."""


# --- JSON ------------------------------------------------------------------------------------------------------------


def encode(body: Mapping[str, Any]) -> bytes:
    """Compact UTF-8 JSON. Raises PlatformRefused for what JSON or UTF-8 cannot say."""
    try:
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise PlatformRefused("The ask holds a value that JSON has no form for.") from None


def decode(data: bytes | str) -> Any:
    """The JSON value; numbers with a point or an exponent are Decimals, as they are written. Raises Unreadable."""
    if nested_deeper(data.encode("utf-8", "replace") if isinstance(data, str) else data, MAX_DEPTH):
        raise Unreadable("is nested too deeply")
    try:
        return json.loads(data, parse_float=_decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Unreadable("is not JSON") from None


def plain(value: Any) -> Any:
    """The same value with floats for Decimals, for members that are handed on and not calculated with. Raises
    Unreadable for what no float can hold."""
    try:
        return _plain(value)
    except RecursionError:
        raise Unreadable("is nested too deeply") from None


def mapping(value: Any, what: str) -> dict[str, Any]:
    """`value`, when it is an object; raises Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable(f"has no {what} object")
    return value


def text(value: Any, what: str) -> str:
    """`value`, when it is a string with a UTF-8 form; raises Unreadable."""
    if not isinstance(value, str):
        raise Unreadable(f"has no {what} text")
    # Half a surrogate pair may be written in JSON, but can be neither stored nor sent on.
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not value.isascii() else value


def optional_text(value: Any) -> str:
    """`value` when it is a string, else nothing."""
    return text(value, "") if isinstance(value, str) else ""


def arguments(value: Any) -> dict[str, Any]:
    """A tool call's arguments: an object, or the JSON text of one; nothing at all means none. Raises Unreadable."""
    if isinstance(value, str):
        value = decode(value) if value.strip() else None
    found = {} if value is None else mapping(value, "arguments")
    plainly: dict[str, Any] = plain(found)
    return plainly


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if not isfinite(number := float(value)):
            raise Unreadable("holds a number beyond all measure")
        return number
    if isinstance(value, dict):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return value


def _decimal(written: str) -> Decimal:
    try:
        return Decimal(written)
    except InvalidOperation:
        raise ValueError("exponent out of range") from None


def _no_number(written: str) -> Any:
    raise ValueError(f"{written} is not JSON")


# --- money and usage -------------------------------------------------------------------------------------------------


def micro_usd(dollars: Any) -> int | None:
    """Integer micro-USD, rounded up, of a decoded number (or its decimal text) of US dollars; None when it is no amount
    from 0 to `MAX_COST`. No binary fraction is involved."""
    if isinstance(dollars, str) and _DECIMAL.fullmatch(dollars):
        dollars = Decimal(dollars)
    if isinstance(dollars, bool) or not isinstance(dollars, int | Decimal):
        return None
    amount = Decimal(dollars) if isinstance(dollars, int) else dollars
    if not 0 <= amount <= MAX_COST:
        return None
    return int(amount.quantize(_MICRO, rounding=ROUND_CEILING).scaleb(6))


def count(value: Any) -> int | None:
    """A number of tokens, or None when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= _TOKENS:
        return None
    return int(value) if value == int(value) else None


def read_usage(value: Any, *names: str) -> Usage | None:
    """Usage in camelCase or snake_case; None when a part of it is missing or makes no sense. `names` are those of the
    cost in US dollars, by default `costUsd` and `cost_usd`."""
    if not isinstance(value, dict):
        return None
    prompt = count(_first(value, "promptTokens", "prompt_tokens"))
    completion = count(_first(value, "completionTokens", "completion_tokens"))
    cost = micro_usd(_first(value, *(names or ("costUsd", "cost_usd"))))
    if prompt is None or completion is None or cost is None:
        return None
    return Usage(prompt, completion, cost)


def _first(value: Mapping[str, Any], *names: str) -> Any:
    return next((value[name] for name in names if value.get(name) is not None), None)


# --- asks and replies ------------------------------------------------------------------------------------------------


def check(ask: Ask) -> None:
    """Raises PlatformRefused for an ask that no platform would take, before anything is sent."""
    problems = [
        (
            _KEY.fullmatch(ask.key),
            "An idempotency key is 1 to 128 printable ASCII characters, without a space at either end.",
        ),
        (1 <= len(ask.agent) <= 256, "An agent's name is 1 to 256 characters."),
        (1 <= len(ask.messages) <= MAX_MESSAGES, f"An ask has 1 to {MAX_MESSAGES} messages."),
        (all(message.role in get_args(Role) for message in ask.messages), "A role is system, user or assistant."),
        (
            all(1 <= _length(message.content) <= MAX_CONTENT for message in ask.messages),
            f"A message has 1 to {MAX_CONTENT} characters.",
        ),
        (ask.pool in get_args(Pool), f"A pool is one of {', '.join(get_args(Pool))}."),
        (len(ask.tools) <= 20 and all(1 <= len(tool) <= 256 for tool in ask.tools), "At most 20 tools may be named."),
        (not ask.channel or _FIELD.fullmatch(ask.channel), "A channel is at most 256 printable ASCII characters."),
        (not ask.holder or _FIELD.fullmatch(ask.holder), "A holder is at most 256 printable ASCII characters."),
        (ask.ensemble is None or _sound(ask), "An ensemble has at most 5 models, and n and quorum from 2 to 10."),
    ]
    for good, problem in problems:
        if not good:
            raise PlatformRefused(problem)


def _length(content: str) -> int:
    """UTF-16 units: platforms written in JavaScript count those."""
    return len(content) if content.isascii() else len(content.encode("utf-16-le", "surrogatepass")) // 2


def _sound(ask: Ask) -> bool:
    ensemble = ask.ensemble
    assert ensemble is not None
    numbers = [number for number in (ensemble.n, ensemble.quorum) if number is not None]
    return len(ensemble.models) <= 5 and all(2 <= number <= 10 for number in numbers)


def events_of(reply: Reply) -> Iterator[Event]:
    """A whole reply as the events of a stream."""
    if reply.thinking:
        yield Thinking(reply.thinking)
    if reply.content:
        yield Content(reply.content)
    yield from reply.tool_calls
    if reply.usage is not None:
        yield reply.usage
    yield Done(reply.model)
