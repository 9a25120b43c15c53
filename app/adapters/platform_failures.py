"""The one place where an agent platform's refusals become errors with meaning.

Three shapes are met: `{"error": CODE, "message": …}`, `{"error": {"code": CODE, "message": …}}`, and, from limiters in
front, `{"error": "Too many requests", "retryAfter": seconds}`. Their message texts may quote what was asked, or a key,
so only codes and trace ids are repeated.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import Enum, auto
from math import ceil
from typing import Any

from app.adapters.platform_retry import Failure, retry_after
from app.adapters.platform_wire import Unreadable, decode
from app.errors import (
    BudgetExhausted,
    PlatformDenied,
    PlatformLimited,
    PlatformRefused,
    PlatformUnavailable,
    ResumeLost,
    StreamBroken,
)


class Meaning(Enum):
    LIMITED = auto()
    SPENT = auto()
    DENIED = auto()
    REFUSED = auto()
    RESUME_LOST = auto()
    REPLAYED = auto()
    DOWN = auto()


_CODES: Mapping[str, Meaning] = {
    # the agent gateway and what is behind it
    "RATE_LIMITED": Meaning.LIMITED,
    "BYOK_QUOTA_EXCEEDED": Meaning.LIMITED,
    "BUDGET_EXCEEDED": Meaning.SPENT,
    "BUDGET_EXHAUSTED": Meaning.SPENT,
    "UNAUTHORIZED": Meaning.DENIED,
    "FORBIDDEN": Meaning.DENIED,
    "MODEL_NOT_ALLOWED": Meaning.DENIED,
    "INVALID_REQUEST": Meaning.REFUSED,
    "REQ_HASH_MISMATCH": Meaning.REFUSED,
    "ENSEMBLE_DISABLED": Meaning.REFUSED,
    "ENSEMBLE_NOT_AVAILABLE": Meaning.REFUSED,
    "CONTRACT_VERSION_MISMATCH": Meaning.REFUSED,
    "STREAM_RESUME_LOST": Meaning.RESUME_LOST,
    "JTI_REPLAY": Meaning.REPLAYED,
    "JTI_REPLAY_DETECTED": Meaning.REPLAYED,
    "SERVICE_UNAVAILABLE": Meaning.DOWN,
    "BYOK_SERVICE_UNAVAILABLE": Meaning.DOWN,
    "BUDGET_ERROR": Meaning.DOWN,
    "INTERNAL_ERROR": Meaning.DOWN,
    # OpenAI and those that copy it
    "RATE_LIMIT_EXCEEDED": Meaning.LIMITED,
    "INSUFFICIENT_QUOTA": Meaning.SPENT,
    "INVALID_API_KEY": Meaning.DENIED,
    "MODEL_NOT_FOUND": Meaning.DENIED,
    "INVALID_REQUEST_ERROR": Meaning.REFUSED,
    "CONTEXT_LENGTH_EXCEEDED": Meaning.REFUSED,
    "SERVER_ERROR": Meaning.DOWN,
}
"""Codes that say more than the status. UPSTREAM_ERROR is none: it comes with the status of whoever is behind."""
_STATUSES: Mapping[int, Meaning] = {
    401: Meaning.DENIED,
    402: Meaning.SPENT,
    403: Meaning.DENIED,
    408: Meaning.DOWN,
    425: Meaning.DOWN,
    429: Meaning.LIMITED,
}
_VAGUE = frozenset({"INVALID_REQUEST_ERROR", "FORBIDDEN", "UNAUTHORIZED"})
"""Codes that some platforms write whatever the status: the status is believed first."""
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}", re.ASCII)
_POLICY = re.compile(r"community|user|channel|burst", re.ASCII)
_TRACE = re.compile(r"[0-9a-fA-F-]{8,64}", re.ASCII)


def failure_of_answer(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Failure:
    """What an HTTP answer other than 200 means. `headers` has lower-case names; `now` is for dates in Retry-After."""
    said = _said(body)
    code = _code(said)
    wait = retry_after(headers.get("retry-after", ""), now)
    if wait is None:
        wait = retry_after(str(said.get("retryAfter", "")), now)
    trace = headers.get("x-trace-id", "")
    policy = headers.get("x-ratelimit-policy", "")
    what = f"answered {status}{f' {code}' if code else ''}{f' (trace {trace})' if _TRACE.fullmatch(trace) else ''}"
    meaning = _meaning(code, status)
    if status == 404 and meaning is Meaning.REFUSED:
        hint = "Check the platform's base URL and the names of its models."
        return Failure(PlatformRefused(f"The agent platform {what}: it has no such thing.", hint=hint))
    if 300 <= status < 400:
        return Failure(
            PlatformRefused(f"The agent platform {what}; redirects are not followed.", hint="Check its base URL.")
        )
    return _failure(meaning, what, wait, policy if _POLICY.fullmatch(policy) else "")


def failure_of_event(data: Any) -> Failure:
    """What an error that arrives inside a 200 answer means: the object, in either shape, or bare `{code, message}`."""
    said = data if isinstance(data, dict) else {}
    nested = said.get("error")
    number = nested.get("code") if isinstance(nested, dict) else None
    status = number if isinstance(number, int) and 400 <= number < 600 else 0
    code = _code(said) or _checked(said.get("code"))
    return _failure(_meaning(code, status), f"reported {code or status or 'an error'}", None, "")


def unreadable(problem: Unreadable) -> Failure:
    """A 200 answer that makes no sense."""
    return Failure(PlatformUnavailable(f"The agent platform's answer {problem}."), again=True)


def broken(problem: str) -> Failure:
    """A stream that is not, or not any more, what it should be. The courier adds where it broke."""
    return Failure(StreamBroken(f"The agent platform's answer {problem}."), again=True)


def _failure(meaning: Meaning, what: str, wait: float | None, policy: str) -> Failure:
    said = f"The agent platform {what}."
    seconds = None if wait is None else ceil(wait)
    match meaning:
        case Meaning.LIMITED:
            error = PlatformLimited(said, policy=policy, retry_after=10 if seconds is None else seconds)
            return Failure(error, again=True, wait=wait)
        case Meaning.SPENT:
            return Failure(
                BudgetExhausted(said, hint="Raise the budget with the platform, or wait for the next month.")
            )
        case Meaning.DENIED:
            return Failure(PlatformDenied(said, hint="Check the platform's credentials, tier and model."))
        case Meaning.RESUME_LOST:
            return Failure(ResumeLost(said, hint="Ask again under a new key."))
        case Meaning.REPLAYED:
            # The next attempt carries a token of its own, and needs no wait.
            return Failure(PlatformDenied(said, hint="Check that tokens are random."), again=True, wait=0.0)
        case Meaning.DOWN:
            error_down = PlatformUnavailable(said, retry_after=5 if seconds is None else seconds)
            return Failure(error_down, again=True, wait=wait)
        case Meaning.REFUSED:
            return Failure(PlatformRefused(said))


def _meaning(code: str, status: int) -> Meaning:
    found = _CODES.get(code.upper())
    if found is not None and not (code.upper() in _VAGUE and status in _STATUSES):
        return found
    if status in _STATUSES:
        return _STATUSES[status]
    return Meaning.REFUSED if 300 <= status < 500 else Meaning.DOWN


def _said(body: bytes) -> dict[str, Any]:
    try:
        found = decode(body)
    except Unreadable:
        return {}
    return found if isinstance(found, dict) else {}


def _code(said: Mapping[str, Any]) -> str:
    error = said.get("error")
    if isinstance(error, dict):
        return _checked(error.get("code")) or _checked(error.get("type"))
    return _checked(error)


def _checked(code: Any) -> str:
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
