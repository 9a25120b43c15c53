"""How often somebody may ask, and who somebody is before they have signed in."""

import ipaddress
import math
import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from fastapi import Request

from app.errors import RateLimited

_KEYS: Final = 20_000
_LONGEST_NAME: Final = 64


class RateLimit:
    """`burst` requests at once for every key, and as many again in each `period` of seconds, evenly (GCRA: one number
    a key). Counts in this process alone. Safe to use from several threads.

    Holds `keys` keys at most. Beyond that the one that asked longest ago is forgotten, and may begin anew."""

    def __init__(
        self,
        burst: int,
        *,
        period: float = 60.0,
        keys: int = _KEYS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._interval = period / burst
        self._tolerance = period - self._interval
        self._keys = keys
        self._now = now
        self._lock = Lock()
        self._due: dict[str, float] = {}
        """When each key is without debt; by the order in which they asked."""

    def take(self, key: str, what: str) -> None:
        """Count one request. Raises RateLimited, which says when to come back; that one is not counted."""
        wait = self._take(key)
        if wait > 0:
            seconds = math.ceil(wait)
            raise RateLimited(f"Too many {what}.", hint=f"Try again in {seconds} s.", retry_after=seconds)

    def __len__(self) -> int:
        return len(self._due)

    def _take(self, key: str) -> float:
        """Seconds to wait; 0 when it is granted."""
        with self._lock:
            now = self._now()
            due = max(self._due.pop(key, now), now)
            wait = due - now - self._tolerance
            granted = wait <= 1e-9  # sums of intervals are a little off
            self._due[key] = due + self._interval if granted else due
            if len(self._due) > self._keys:
                del self._due[next(iter(self._due))]
        return 0.0 if granted else wait


def client_of(request: Request, proxies: int) -> str:
    """The network address of whoever asks, as a key for limits: an IPv4 address, or the /64 of an IPv6 one, which is
    what one customer gets. `proxies` is how many of ours stand before us and append to X-Forwarded-For: what stands
    further left there was written by the client, who may write anything."""
    peer = request.client.host if request.client is not None else ""
    hops = [hop.strip() for line in request.headers.getlist("x-forwarded-for") for hop in line.split(",")]
    name = hops[-proxies] if 0 < proxies <= len(hops) else peer
    if name.count(":") == 1 or "]:" in name:  # some proxies write the port too
        name = name.rpartition(":")[0]
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name[:_LONGEST_NAME]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
