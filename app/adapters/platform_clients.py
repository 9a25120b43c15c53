"""The connections to an agent platform, and the requests that go over them.

One synchronous client and one asynchronous client per event loop, each made when first needed: connections belong to
the loop that opened them. Proxies, .netrc and certificates of the environment are not used; redirects are not followed.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from threading import Lock

import httpx

from app.adapters.platform_auth import Credentials
from app.adapters.platform_retry import BreakerOptions, RetryOptions
from app.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    connect: float = 5.0
    first: float = 60.0
    """From asking for a stream until its first event, all attempts together."""
    idle: float = 45.0
    """Of silence within a stream; heartbeats count as life. Platforms send one every 15 s."""
    total: float = 120.0
    """For a whole answer, all attempts together."""
    stream: float = 600.0
    """For a whole stream."""
    quick: float = 10.0
    """For models, budget and health."""


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """How to reach a platform. `base_url` is the root that the dialect's paths are added to; it may hold secrets in its
    path or query, but no user name."""

    base_url: str = field(repr=False)
    timeouts: Timeouts = field(default_factory=Timeouts)
    retry: RetryOptions = field(default_factory=RetryOptions)
    breaker: BreakerOptions = field(default_factory=BreakerOptions)
    max_answer: int = 4_194_304
    """Bytes of a whole answer or of all of a stream."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request. The headers that prove who asks are made anew for each attempt."""

    method: str
    path: str
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    holder: str = ""
    channel: str = ""
    named: bool = True
    """Whether credentials are sent."""
    nothing: int = 0
    """A status that means: nothing here for you. It reads as an empty body and is no failure."""


class Clients:
    """For many threads and event loops at once."""

    def __init__(self, options: HttpOptions, credentials: Credentials | None) -> None:
        """Raises ConfigurationError for a base URL that is none."""
        self._origin, self._prefix, self._query = _split(options.base_url)
        self._timeouts = options.timeouts
        self._credentials = credentials
        self._lock = Lock()
        self._clients: dict[asyncio.AbstractEventLoop, httpx.AsyncClient] = {}
        self._client: httpx.Client | None = None

    def __repr__(self) -> str:
        return f"Clients({httpx.URL(self._origin).host})"

    def close(self) -> None:
        """Close the connections of synchronous calls. Later calls open new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the connections that the running event loop opened. Later calls open new ones."""
        with self._lock:
            client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def sync(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = httpx.Client(verify=self._tls, trust_env=False, limits=_limits())
            return self._client

    def asynchronous(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._clients:
                # A loop that has ended cannot close its connections any more.
                self._clients = {known: client for known, client in self._clients.items() if not known.is_closed()}
                self._clients[loop] = httpx.AsyncClient(verify=self._tls, trust_env=False, limits=_limits())
            return self._clients[loop]

    @cached_property
    def _tls(self) -> SSLContext:
        if self._origin.startswith("http:"):
            return SSLContext(PROTOCOL_TLS_CLIENT)  # never used; loading certificates takes its time
        return httpx.create_ssl_context(trust_env=False)

    def request(self, client: httpx.Client | httpx.AsyncClient, call: Call, read: float | None) -> httpx.Request:
        headers = {"accept-encoding": "identity", "user-agent": "dnft/1", **call.headers}
        if call.body:
            headers["content-type"] = "application/json"
        if call.named and self._credentials is not None:
            headers |= self._credentials.headers(call.body, holder=call.holder, channel=call.channel)
        connect = self._timeouts.connect
        # The path goes in as the target: httpx logs URLs, and a path or a query may hold a key.
        return client.build_request(
            call.method,
            self._origin,
            content=call.body or None,
            headers=headers,
            timeout=httpx.Timeout(connect=connect, read=read, write=read or self._timeouts.total, pool=connect),
            extensions={"target": f"{self._prefix}{call.path}{self._query}".encode("ascii")},
        )


def _limits() -> httpx.Limits:
    return httpx.Limits(max_connections=200, max_keepalive_connections=20, keepalive_expiry=30.0)


def _split(base_url: str) -> tuple[str, str, str]:
    """Origin with a slash, path without one, and query with its question mark; quoted in no error."""
    problem = "The platform's base URL is an http or https URL with a host, and without user name or fragment"
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise ConfigurationError([problem]) from None
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.fragment:
        raise ConfigurationError([problem])
    path, _, query = url.raw_path.decode("ascii").partition("?")
    return f"{url.scheme}://{url.netloc.decode('ascii')}/", path.rstrip("/"), f"?{query}" if query else ""
