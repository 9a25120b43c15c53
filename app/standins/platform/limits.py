"""Rate limits: by address before anybody is known, then by community, user, channel and burst.

Times are seconds of a monotonic clock.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Final

from app.standins.platform.refusals import Header, Refusal
from app.standins.platform.tiers import RULES, Tier

_MINUTE: Final = 60.0
_PER_ADDRESS: Final = 100
_ADDRESS_BURST: Final = 20


class Bucket:
    """Holds at most `capacity` tokens and gains `rate` a second."""

    def __init__(self, capacity: float, rate: float, now: float) -> None:
        self.capacity, self.rate = capacity, rate
        self.tokens, self._at = capacity, now

    def wait(self, now: float) -> float:
        """Seconds until a token can be taken; 0 when one is there."""
        self.tokens = min(self.capacity, self.tokens + (now - self._at) * self.rate)
        self._at = now
        # A whole token that rounding left a hair short is a whole token.
        return 0.0 if self.tokens >= 1 - 1e-9 else (1 - self.tokens) / self.rate

    def take(self) -> None:
        self.tokens = max(0.0, self.tokens - 1)


class AddressLimit:
    """100 a minute with bursts of 20, before authentication. Everybody here has one address: this machine's."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._bucket = Bucket(_ADDRESS_BURST, _PER_ADDRESS / _MINUTE, clock())

    def check(self) -> tuple[int | None, list[Header]]:
        """Seconds to wait (None: passed), and the headers that every answer carries."""
        wait = self._bucket.wait(self._clock())
        if not wait:
            self._bucket.take()
        retry = math.ceil(wait) if wait else None
        headers = [("X-RateLimit-Limit", str(_PER_ADDRESS)), ("X-RateLimit-Remaining", str(int(self._bucket.tokens)))]
        if retry is not None:
            headers.append(("Retry-After", str(retry)))
        return retry, headers


class TierLimit:
    """Sliding minutes for community, user and channel, and a bucket for a user's bursts. A refused request counts
    nowhere."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], deque[float]] = {}
        self._buckets: dict[tuple[str, Tier], Bucket] = {}

    def check(self, *, community: str, user: str, channel: str, tier: Tier) -> None:
        """Count a request, or raise 429 with the policy that refuses it and when to come back."""
        now, rules = self._clock(), RULES[tier]
        windows = []
        for policy, name, most in (
            ("community", community, rules.community),
            ("user", user, rules.user),
            ("channel", channel, rules.channel),
        ):
            window = self._windows.setdefault((policy, name), deque())
            while window and window[0] <= now - _MINUTE:
                window.popleft()
            if len(window) >= most:
                raise _limited(policy, most, window[0] + _MINUTE - now)
            windows.append(window)
        bucket = self._buckets.get((user, tier))
        if bucket is None:
            bucket = self._buckets[user, tier] = Bucket(rules.burst, rules.burst / _MINUTE, now)
        if wait := bucket.wait(now):
            raise _limited("burst", rules.burst, wait)
        bucket.take()
        for window in windows:
            window.append(now)


def _limited(policy: str, most: int, wait: float) -> Refusal:
    headers = [
        ("X-RateLimit-Limit", str(most)),
        ("X-RateLimit-Remaining", "0"),
        ("Retry-After", str(math.ceil(wait))),
        ("X-RateLimit-Policy", policy),
    ]
    return Refusal(429, "RATE_LIMITED", "Rate limit exceeded.", headers)
