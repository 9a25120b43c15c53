"""`/_dev/*`: what the real platform doesn't have. Faults to order, the journal of requests, a new signing key."""

import json
from typing import Any
from urllib.parse import parse_qs

from app.standins.platform.faults import Faults
from app.standins.platform.http import Exchange, Request
from app.standins.platform.journal import Journal
from app.standins.platform.refusals import Refusal, invalid, to_json
from app.standins.platform.signing import SigningKeys

JSON = ("Content-Type", "application/json; charset=utf-8")


class Dev:
    """The server binds loopback only and refuses foreign hosts and origins, so these need no key."""

    def __init__(self, faults: Faults, journal: Journal, keys: SigningKeys) -> None:
        self._faults = faults
        self._journal = journal
        self._keys = keys

    async def answer(self, request: Request, exchange: Exchange) -> None:
        match request.method, request.path:
            case "POST", "/_dev/faults":
                await _send(exchange, 201, self._faults.add(_body(request)).shown())
            case "GET", "/_dev/faults":
                await _send(exchange, 200, {"faults": self._faults.shown()})
            case "DELETE", "/_dev/faults":
                self._faults.clear()
                await exchange.reply(204, ())
            case "GET", "/_dev/requests":
                await _send(exchange, 200, {"requests": self._journal.shown(_last(request))})
            case "DELETE", "/_dev/requests":
                self._journal.clear()
                await exchange.reply(204, ())
            case "POST", "/_dev/keys/rotate":
                await _send(exchange, 200, {"kid": self._keys.rotate(_overlap(request))})
            case _:
                raise Refusal(404, "NOT_FOUND", "There is no such development endpoint.")


async def _send(exchange: Exchange, status: int, value: Any) -> None:
    await exchange.reply(status, (JSON,), to_json(value))


def _body(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise invalid("The body is not valid JSON.") from None


def _last(request: Request) -> int | None:
    values = parse_qs(request.query).get("last")
    if values is None:
        return None
    if not (values[0].isascii() and values[0].isdigit() and len(values[0]) < 10):
        raise invalid("last must be a number of requests.")
    return int(values[0])


def _overlap(request: Request) -> float | None:
    """Seconds for which the previous key stays, from `{"overlapSeconds": n}`; None for the configured time."""
    if not request.body:
        return None
    body = _body(request)
    seconds = body.get("overlapSeconds") if isinstance(body, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise invalid("overlapSeconds must be a number of seconds.")
    return float(seconds)
