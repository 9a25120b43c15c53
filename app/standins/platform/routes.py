"""The stand-in's routes: what comes in is checked in the platform's order, and answered with its headers."""

import asyncio
import re
import uuid
from collections.abc import Callable
from time import monotonic
from typing import Any, Final

from app.standins.platform.asking import MAX_BODY, Asked, parse, read, read_key
from app.standins.platform.budgets import Budgets
from app.standins.platform.client_keys import ClientKeys
from app.standins.platform.dev import JSON, Dev
from app.standins.platform.faults import Fault, Faults
from app.standins.platform.gateway import Gateway
from app.standins.platform.http import Exchange, Request
from app.standins.platform.journal import Journal
from app.standins.platform.limits import AddressLimit
from app.standins.platform.options import Options
from app.standins.platform.refusals import Header, Refusal, to_json
from app.standins.platform.sessions import Session, Sessions
from app.standins.platform.signing import SigningKeys
from app.standins.platform.speaking import Speaker
from app.standins.platform.streaming import Manner, follow
from app.standins.platform.tiers import RULES
from app.standins.platform.tokens import Tokens
from app.standins.platform.turns import Turn, last_event_number

_LOOPBACK_HOST: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_LOOPBACK_ORIGIN: Final = re.compile(r"https?://" + _LOOPBACK_HOST.pattern, re.IGNORECASE)
_ENDPOINTS: Final = {
    ("POST", "/api/agents/invoke"): "invoke",
    ("POST", "/api/agents/stream"): "stream",
    ("GET", "/api/agents/models"): "models",
    ("GET", "/api/agents/budget"): "budget",
    ("GET", "/api/agents/health"): "health",
    ("GET", "/.well-known/jwks.json"): "jwks",
    ("GET", "/healthz"): "healthz",
}
_GARBAGE: Final = b'{"content": "\xff\xfe'


class Platform:
    """`now` is Unix seconds, for tokens, months and keys; `entropy` gives that many random bytes."""

    def __init__(
        self, options: Options, speaker: Speaker, *, now: Callable[[], float], entropy: Callable[[int], bytes]
    ) -> None:
        self._options = options
        self._now = now
        self._entropy = entropy
        self._manner = Manner(options.heartbeat_seconds, options.server_id, options.strict)
        self._address_limit = AddressLimit(monotonic) if options.limits else None
        self._sessions = Sessions(options.communities, _tokens(options, now))
        budgets = Budgets({community.id: community.monthly_cents for community in options.communities}, now)
        self.gateway = Gateway(options, speaker, budgets)
        self.keys = SigningKeys(now, options.key_overlap_seconds)
        self._faults = Faults()
        self._journal = Journal(options.journal_requests)
        self._dev = Dev(self._faults, self._journal, self.keys)

    async def __call__(self, request: Request, exchange: Exchange) -> None:
        """Answer one request."""
        development = request.path.startswith("/_dev/")
        entry = None if development else self._journal.add(request, self._now())
        try:
            _require_from_here(request)
            await (self._dev.answer if development else self._route)(request, exchange)
        except Refusal as refusal:
            await _refuse(exchange, refusal, ())
        finally:
            if entry is not None:
                entry.status = exchange.status or None

    async def _route(self, request: Request, exchange: Exchange) -> None:
        method = "GET" if request.method == "HEAD" else request.method
        endpoint = _ENDPOINTS.get((method, request.path))
        if endpoint is None:
            raise Refusal(404, "NOT_FOUND", f"Cannot {request.method} {request.path}")
        if endpoint == "healthz":
            await exchange.reply(200, (JSON,), to_json({"status": "ok"}))
            return
        fault = self._faults.take(endpoint)
        if fault is not None and fault.delay_ms:
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault is not None and fault.drop and fault.after_events is None:
            exchange.drop()
            return
        early = fault.refusal() if fault is not None and (fault.early or endpoint in ("health", "jwks")) else None
        if early is not None:
            raise early
        if endpoint == "jwks":
            await self._jwks(request, exchange, fault)
        else:
            await self._agents(endpoint, request, exchange, fault)

    async def _agents(self, endpoint: str, request: Request, exchange: Exchange, fault: Fault | None) -> None:
        """Body parser, address limit, authentication, then the endpoint: each adds the headers that all later
        answers carry."""
        if request.too_large:
            raise Refusal(413, "PAYLOAD_TOO_LARGE", f"The body has more than {MAX_BODY} bytes.")
        if request.get("content-encoding") not in (None, "identity"):
            raise Refusal(415, "INVALID_REQUEST", "Send the body without a content encoding.")
        body = parse(request.body, request.get("content-type") or "") if request.method == "POST" else None
        headers: list[Header] = [("X-RateLimit-Policy", "none")]
        try:
            if endpoint == "health":
                await _reply(exchange, headers, await self.gateway.health(), fault)
                return
            if self._address_limit is not None:
                retry, limit_headers = self._address_limit.check()
                headers += limit_headers
                if retry is not None:
                    await exchange.reply(
                        429, (JSON, *headers), to_json({"error": "Too many requests", "retryAfter": retry})
                    )
                    return
            session = await self._sessions.open(
                request.get("authorization"),
                (request.get("x-channel-id") or "").strip(),
                request.body,
                once=request.method == "POST",
            )
            headers.append(("X-Trace-Id", self._uuid()))
            if endpoint in ("models", "budget"):
                await self._look(endpoint, session, exchange, headers, fault)
                return
            key = read_key(request.all("x-idempotency-key")) or self._uuid()
            asked = read(body)
            headers.append(("X-Idempotency-Key", key))
            if endpoint == "invoke":
                await self._invoke(session, key, asked, exchange, headers, fault)
            else:
                resumed = request.get("last-event-id")
                await self._stream(session, key, asked, resumed, exchange, headers, fault)
        except Refusal as refusal:
            await _refuse(exchange, refusal, headers)

    async def _look(
        self, endpoint: str, session: Session, exchange: Exchange, headers: list[Header], fault: Fault | None
    ) -> None:
        if endpoint == "models":
            await _reply(exchange, headers, {"models": list(RULES[session.tier].aliases)}, fault)
            return
        if not session.admin:
            raise Refusal(403, "FORBIDDEN", "Admin access required.")
        await _reply(exchange, headers, self.gateway.budgets.status(session.community), fault)

    async def _invoke(
        self,
        session: Session,
        key: str,
        asked: Asked,
        exchange: Exchange,
        headers: list[Header],
        fault: Fault | None,
    ) -> None:
        _raise_for(fault)
        turn = self.gateway.start("invoke", session, key, asked)
        self.gateway.join(turn)
        try:
            body = await self.gateway.reply(turn)
        finally:
            self.gateway.leave(turn)
        if fault is not None:
            usage = fault.used_usage(body.pop("usage"))
            body |= {} if usage is None else {"usage": usage}
        await _reply(exchange, headers, body, None if fault is None or not fault.garbage else fault)

    async def _stream(
        self,
        session: Session,
        key: str,
        asked: Asked,
        resumed: str | None,
        exchange: Exchange,
        headers: list[Header],
        fault: Fault | None,
    ) -> None:
        """The platform sends the head of the answer before it asks its gateway, so that a refusal is an empty answer.
        Strict, the gateway is asked first, and a turn that fails before its first event is a refusal too."""
        head = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"), *headers]
        if not self._options.strict:
            await exchange.begin(200, head)
        try:
            _raise_for(fault)
            turn, after = self._turn(session, key, asked, resumed)
        except Refusal:
            if self._options.strict:
                raise
            await exchange.end()
            return
        self.gateway.join(turn)
        try:
            if self._options.strict:
                await turn.news(after, self._options.heartbeat_seconds)
                if turn.failure is not None and turn.last == after:
                    raise turn.failure
                await exchange.begin(200, head)
            await follow(turn, after, exchange, self._manner, fault)
        finally:
            self.gateway.leave(turn)

    def _turn(self, session: Session, key: str, asked: Asked, resumed: str | None) -> tuple[Turn, int]:
        """The turn to stream and the number of the event to go on after."""
        if resumed is None:
            return self.gateway.start("stream", session, key, asked), 0
        after = last_event_number(resumed, self._options.server_id)
        turn = self.gateway.resume(session, key, asked)
        turn.after(after)  # raises when they are gone
        return turn, after

    async def _jwks(self, request: Request, exchange: Exchange, fault: Fault | None) -> None:
        body, etag = self.keys.document()
        headers = [("Content-Type", "application/json"), ("Cache-Control", "public, max-age=60"), ("ETag", etag)]
        if fault is not None and fault.garbage:
            body = _GARBAGE
        elif etag in re.split(r"\s*,\s*", request.get("if-none-match") or ""):
            await exchange.reply(304, headers)
            return
        await exchange.reply(200, headers, body)

    def _uuid(self) -> str:
        return str(uuid.UUID(bytes=self._entropy(16), version=4))


def _tokens(options: Options, now: Callable[[], float]) -> Tokens | None:
    if not options.client_keys:
        return None
    keys = ClientKeys(options.client_keys, monotonic, options.client_keys_cooldown_seconds)
    return Tokens(options.issuer, options.audience, keys, now)


def _require_from_here(request: Request) -> None:
    """No browser page from elsewhere gets in: the Host must name loopback (or DNS rebinding would), and so must an
    Origin."""
    hosts, origin = request.all("host"), request.get("origin")
    if len(hosts) != 1 or not _LOOPBACK_HOST.fullmatch(hosts[0]):
        raise Refusal(403, "FORBIDDEN", "The Host header must name this machine: localhost, 127.0.0.1 or [::1].")
    if origin is not None and not _LOOPBACK_ORIGIN.fullmatch(origin):
        raise Refusal(403, "FORBIDDEN", "Only pages served from this machine may use the stand-in platform.")


def _raise_for(fault: Fault | None) -> None:
    if fault is not None and (refusal := fault.refusal()) is not None:
        raise refusal


async def _reply(exchange: Exchange, headers: list[Header], body: Any, fault: Fault | None) -> None:
    _raise_for(fault)
    await exchange.reply(200, (JSON, *headers), _GARBAGE if fault is not None and fault.garbage else to_json(body))


async def _refuse(exchange: Exchange, refusal: Refusal, headers: tuple[Header, ...] | list[Header]) -> None:
    """A refusal's own headers replace those of the same name."""
    own = {name.lower() for name, _ in refusal.headers}
    kept = [header for header in headers if header[0].lower() not in own]
    await exchange.reply(refusal.status, (JSON, *kept, *refusal.headers), to_json(refusal.body()))
