"""Public keys that others publish as a JWKS (RFC 7517), for checking what they signed.

Fresh keys come from memory. Stale ones are used on while the publisher is away, up to a limit, because a signature does
not turn false when a web server stops. A key id nobody knows asks the publisher once, and then not again for a while:
anybody can invent key ids. However many threads wait, one of them fetches.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

import httpx

from app.adapters.platform_wire import Unreadable, decode, mapping
from app.errors import ConfigurationError, PlatformUnavailable, Unauthorized
from app.provenance.jwt import VerifyingKey, public_key

MAX_BYTES: Final = 65_536
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age=\"?([0-9]{1,9})", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class JwksOptions:
    """Times in seconds."""

    url: str = field(repr=False)
    fresh: float = 3_600.0
    """How long keys are not asked for again; the publisher's max-age may shorten it, not below `cooldown`."""
    stale: float = 259_200.0
    """How long they may be used when the publisher is away."""
    cooldown: float = 60.0
    """Between two questions about unknown key ids."""
    pause: float = 5.0
    """After a failure, before the publisher is asked again."""
    timeout: float = 5.0


class Jwks:
    """The P-256 keys behind one URL, for many threads. Close it with `close()`."""

    def __init__(self, options: JwksOptions, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Raises ConfigurationError for a URL that is none."""
        try:
            url = httpx.URL(options.url)
        except (httpx.InvalidURL, ValueError, TypeError):
            url = httpx.URL("")
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise ConfigurationError(["The URL of a key set is an http or https URL with a host and no user name"])
        self._origin = f"{url.scheme}://{url.netloc.decode('ascii')}/"
        self._target = url.raw_path
        self._options = options
        self._monotonic = monotonic
        self._refreshing = Lock()
        self._client: httpx.Client | None = None
        self._keys: Mapping[str, VerifyingKey] = {}
        self._etag = ""
        self._fetched: float | None = None
        self._fresh_until = 0.0
        self._not_before = 0.0
        self._forced: float | None = None

    def __repr__(self) -> str:
        return f"Jwks({httpx.URL(self._origin).host})"

    def key(self, kid: str) -> VerifyingKey:
        """The key of this id. Raises Unauthorized when it is not published, PlatformUnavailable when no usable keys are
        known and the publisher does not answer."""
        stale = self._monotonic() >= self._fresh_until
        refreshed = stale and self._refresh(lambda: self._monotonic() >= self._fresh_until, wait=not self._useful())
        found = self._usable().get(kid)
        if found is None and not refreshed and self._refresh(self._may_force, forced=True):
            found = self._usable().get(kid)
        if found is None:
            raise Unauthorized("The signature names a key that its issuer does not publish.")
        return found

    def close(self) -> None:
        with self._refreshing:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _useful(self) -> bool:
        return self._fetched is not None and self._monotonic() - self._fetched <= self._options.stale

    def _usable(self) -> Mapping[str, VerifyingKey]:
        if not self._useful():
            raise PlatformUnavailable("The keys that signatures are checked with can not be fetched.")
        return self._keys

    def _may_force(self) -> bool:
        return self._forced is None or self._monotonic() - self._forced >= self._options.cooldown

    def _refresh(self, needed: Callable[[], bool], *, forced: bool = False, wait: bool = True) -> bool:
        """Fetch, unless another thread just did or the publisher is being left alone. Whether anybody fetched.
        Without `wait` a fetch that is under way is left to itself."""
        before = self._fetched
        if not self._refreshing.acquire(blocking=wait):
            return False
        try:
            now = self._monotonic()
            if self._fetched != before:
                return True
            if not needed() or now < self._not_before:
                return False
            fresh = self._fetch()
            self._fetched = now
            self._fresh_until = now + max(min(fresh, self._options.fresh), self._options.cooldown)
            if forced:
                self._forced = now
        except (httpx.HTTPError, Unreadable):
            # Silent: old keys go on being used, and whoever finds none is told.
            self._not_before = now + self._options.pause
            return False
        finally:
            self._refreshing.release()
        return True

    def _fetch(self) -> float:
        """Ask the publisher. Seconds that its answer is fresh."""
        if self._client is None:
            self._client = httpx.Client(timeout=self._options.timeout, trust_env=False)
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        if self._etag and self._fetched is not None:
            headers["if-none-match"] = self._etag
        request = self._client.build_request("GET", self._origin, headers=headers, extensions={"target": self._target})
        response = self._client.send(request, stream=True)
        body = bytearray()
        deadline = self._monotonic() + self._options.timeout
        try:
            if response.status_code not in (200, 304):
                raise Unreadable("is no key set")
            for chunk in response.iter_raw():
                body += chunk
                if len(body) > MAX_BYTES or self._monotonic() > deadline:
                    raise Unreadable("is absurdly long")
        finally:
            response.close()
        if response.status_code == 200:
            self._keys = read_keys(bytes(body))
            self._etag = response.headers.get("etag", "")
        age = _MAX_AGE.search(response.headers.get("cache-control", ""))
        return float(age[1]) if age else self._options.fresh


def read_keys(data: bytes) -> dict[str, VerifyingKey]:
    """The P-256 signing keys of a JWKS by key id; others are passed over. Raises Unreadable for what is no JWKS."""
    listed = mapping(decode(data), "key set").get("keys")
    if not isinstance(listed, list):
        raise Unreadable("has no list of keys")
    keys: dict[str, VerifyingKey] = {}
    for jwk in listed:
        if isinstance(jwk, dict) and isinstance(jwk.get("kid"), str) and (key := public_key(jwk)) is not None:
            keys.setdefault(jwk["kid"], key)
    return keys
