"""Faults to order: rules that make the next answers fail in a named way, for tests of clients and for developers."""

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.standins.platform.refusals import Header, Refusal, invalid

ENDPOINTS: Final = ("invoke", "stream", "models", "budget", "health", "jwks")
_COUNTS: Final = ("times", "skip", "afterEvents", "delayMs")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9-]+")
FIELDS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "endpoint": str,
    "times": (int, type(None)),
    "skip": int,
    "delayMs": (int, float),
    "status": int,
    "code": str,
    "message": str,
    "headers": dict,
    "early": bool,
    "afterEvents": int,
    "drop": bool,
    "garbage": bool,
    "errorEvent": dict,
    "usage": (dict, type(None)),
}


@dataclass(slots=True)
class Fault:
    """One rule. `times` None = until deleted; `skip` requests pass first."""

    id: int
    endpoint: str
    times: int | None = 1
    skip: int = 0
    delay_ms: float = 0.0
    status: int | None = None
    code: str = ""
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    early: bool = False
    """The status is given as if by something in front of the gateway: on a stream too."""
    after_events: int | None = None
    drop: bool = False
    garbage: bool = False
    error_event: Mapping[str, Any] | None = None
    usage: Mapping[str, Any] | None = None
    changes_usage: bool = False
    """`usage` replaces fields of the true one; None leaves usage out."""

    def refusal(self) -> Refusal | None:
        if self.status is None:
            return None
        extra: list[Header] = list(self.headers.items())
        return Refusal(self.status, self.code, self.message, extra)

    def used_usage(self, usage: dict[str, Any]) -> dict[str, Any] | None:
        if not self.changes_usage:
            return usage
        return None if self.usage is None else usage | dict(self.usage)

    def shown(self) -> dict[str, Any]:
        return {"id": self.id, "endpoint": self.endpoint, "times": self.times, "skip": self.skip}


class Faults:
    def __init__(self) -> None:
        self._rules: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, rule: Any) -> Fault:
        """Add a rule given as JSON. Raises 400 naming what is wrong with it."""
        fields = _checked(rule)
        strikes_at_once = "errorEvent" in fields or fields.get("garbage", False)
        fault = Fault(
            id=next(self._ids),
            endpoint=fields["endpoint"],
            times=fields.get("times", 1),
            skip=fields.get("skip", 0),
            delay_ms=fields.get("delayMs", 0),
            status=fields.get("status"),
            code=fields.get("code", "UPSTREAM_ERROR"),
            message=fields.get("message", "A fault that was asked for."),
            headers=fields.get("headers", {}),
            early=fields.get("early", False),
            after_events=fields.get("afterEvents", 0 if strikes_at_once else None),
            drop=fields.get("drop", False),
            garbage=fields.get("garbage", False),
            error_event=fields.get("errorEvent"),
            usage=fields.get("usage"),
            changes_usage="usage" in fields,
        )
        self._rules.append(fault)
        return fault

    def take(self, endpoint: str) -> Fault | None:
        """The fault for this request: of the oldest rule for the endpoint that is due. It is used up by that."""
        for fault in self._rules:
            if fault.endpoint != endpoint:
                continue
            if fault.skip:
                fault.skip -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._rules.remove(fault)
            return fault
        return None

    def clear(self) -> None:
        self._rules.clear()

    def shown(self) -> list[dict[str, Any]]:
        return [fault.shown() for fault in self._rules]


def _checked(rule: Any) -> Mapping[str, Any]:
    if not isinstance(rule, dict):
        raise invalid("A fault is a JSON object.")
    for name, value in rule.items():
        if name not in FIELDS:
            raise invalid(f"A fault has no field {name}. It has: {', '.join(FIELDS)}.")
        if not isinstance(value, FIELDS[name]) or (isinstance(value, bool) and FIELDS[name] is not bool):
            raise invalid(f"{name} has the wrong type.")
    if rule.get("endpoint") not in ENDPOINTS:
        raise invalid(f"endpoint must be one of {', '.join(ENDPOINTS)}.")
    if not 400 <= rule.get("status", 400) <= 599:
        raise invalid("status must be from 400 to 599.")
    if rule.get("times", 1) == 0 or any((rule.get(name) or 0) < 0 for name in _COUNTS):
        raise invalid(f"{', '.join(_COUNTS)} must not be negative, and times not 0.")
    headers = rule.get("headers", {})
    if not all(_HEADER_NAME.fullmatch(name) and _is_header_value(value) for name, value in headers.items()):
        raise invalid("headers must be an object of header names and printable values.")
    return rule


def _is_header_value(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()
