"""HttpObserver over real HTTP: looks at public URLs the way an indexer does, whatever the other side does.

Bounded in every direction: one deadline for all hops (connection, headers and body; the resolver has a limit of its
own), bodies cut at a limit while they are decoded, at most 5 redirects. With `allow_private=False` every address a name
resolves to must be public, and the connection goes to the very address that was checked, so a name that changes its
mind cannot lead inside.
"""

import ipaddress
import socket
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from time import perf_counter
from typing import Any

import httpcore
import httpx

from app.adapters.observer_decoding import Undecodable, decoder
from app.consumers.observation import HttpAnswer, redirect_target

MAX_REDIRECTS = 5
_ASKED = {"user-agent": "dnft-check/1 (metadata conformance)", "accept": "*/*", "accept-encoding": "gzip, deflate, br"}
_NO_BODY = frozenset({204, 304})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class HttpxObserver:
    """`timeout` is in seconds, for a whole fetch; the default exceeds every consumer's own. `max_bytes` bounds the
    decoded body. Neither proxies nor certificates are taken from the environment: it sees what is there."""

    def __init__(self, *, timeout: float = 45.0, max_bytes: int = 2_097_152, allow_private: bool = True) -> None:
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._allow_private = allow_private
        self._tls = httpx.create_ssl_context(trust_env=False)

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> HttpAnswer:
        """See the port. A redirect that may not be followed is itself the answer."""
        started = perf_counter()
        left: list[str] = []
        while True:
            answer = self._once(url, method, headers or {}, started + self._timeout)
            target = redirect_target(answer)
            if target is None or len(left) == MAX_REDIRECTS:
                elapsed = round((perf_counter() - started) * 1000)
                return replace(answer, redirects=tuple(left), elapsed_ms=elapsed)
            left.append(url)
            url = target

    def _once(self, url: str, method: str, headers: Mapping[str, str], deadline: float) -> HttpAnswer:
        answer = HttpAnswer(url=url, method=method, status=0, headers={}, body=b"", elapsed_ms=0)
        transport = _Transport(_Backend(deadline, self._allow_private), self._tls)
        try:
            if "@" in httpx.URL(url).netloc.decode("ascii", "replace"):
                return replace(answer, error="the URL carries credentials")
            request = httpx.Request(method, url, headers={**_ASKED, **headers})
            # The transport itself: a client would look into Location, and refuse answers whose Location is malformed.
            with transport, closing(transport.handle_request(request)) as response:
                body, truncated = self._body(response, method)
                fields = {name.lower(): value for name, value in response.headers.items()}
                return replace(answer, status=response.status_code, headers=fields, body=body, truncated=truncated)
        except Undecodable as error:
            return replace(answer, error=str(error))
        # ValueError: names and fields that the layers below cannot encode.
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            return replace(answer, error=f"{type(error).__name__}: {error}"[:300].rstrip(": "))

    def _body(self, response: httpx.Response, method: str) -> tuple[bytes, bool]:
        """The decoded body, cut, and whether it was cut."""
        if method == "HEAD" or response.status_code in _NO_BODY:
            return b"", False
        decode = decoder(response.headers.get("content-encoding", ""))
        parts: list[bytes] = []
        room, raw = self._max_bytes, 0
        for chunk in response.iter_raw(65536):
            raw += len(chunk)
            decoded = decode.feed(chunk, room + 1)
            parts.append(decoded[:room])
            # Coded bytes are bounded too: a stream may be endless and decode to nothing.
            if len(decoded) > room or raw > self._max_bytes + 65536:
                return b"".join(parts), True
            room -= len(decoded)
        decode.finish()
        return b"".join(parts), False


class _Transport(httpx.HTTPTransport):
    """One connection on our own backend. httpx has no public way to set it; the attribute is the one it sets itself."""

    def __init__(self, backend: httpcore.NetworkBackend, tls: Any) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls, max_connections=1, max_keepalive_connections=0, network_backend=backend
        )


class _Backend(httpcore.NetworkBackend):
    """Connects before a deadline, and to public addresses only where that is asked."""

    def __init__(self, deadline: float, allow_private: bool) -> None:
        self._deadline = deadline
        self._allow_private = allow_private
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failure = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses(host, port):
            try:
                stream = self._sockets.connect_tcp(
                    address, port, remaining(self._deadline), local_address, socket_options
                )
            except httpcore.ConnectError as error:
                failure = error
                continue
            return _Stream(stream, self._deadline)
        raise failure

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"the name {host} does not resolve: {error}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        inside = [address for address in addresses if not is_public(address)]
        if inside and not self._allow_private:
            raise httpcore.ConnectError(f"{host} is not a public address ({inside[0]})")
        return addresses


class _Stream(httpcore.NetworkStream):
    """A stream whose every operation ends by the deadline: a server that drips bytes cannot hold us."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, remaining(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, remaining(self._deadline))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, remaining(self._deadline)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def remaining(deadline: float) -> float:
    """Seconds left; raises ReadTimeout when there are none."""
    left = deadline - perf_counter()
    if left <= 0:
        raise httpcore.ReadTimeout("the answer took longer than the time limit")
    return left


def is_public(address: str) -> bool:
    """Whether an IP address is reachable by everybody; addresses that wrap another are judged by both."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    wrapped: list[ipaddress.IPv4Address] = []
    if isinstance(found, ipaddress.IPv6Address):
        if found.teredo or found.is_site_local:
            return False
        wrapped = [inner for inner in (found.ipv4_mapped, found.sixtofour) if inner is not None]
        if found in _NAT64:
            wrapped.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if found.ipv4_mapped is not None:
            return is_public(str(found.ipv4_mapped))
    return found.is_global and not found.is_multicast and all(is_public(str(inner)) for inner in wrapped)
