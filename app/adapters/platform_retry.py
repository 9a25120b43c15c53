"""When to try again: backoff with jitter, Retry-After, and a circuit per pool that spares a platform that is down."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from threading import Lock
from types import TracebackType
from typing import Self

from app.errors import DnftError, PlatformUnavailable

_FAR = 86_400.0
"""Seconds. A longer Retry-After is a mistake of whoever wrote it."""


class Failure(Exception):
    """One attempt failed with `error`. `again`: whether another may help; `wait`: seconds the platform asked for."""

    def __init__(self, error: DnftError, *, again: bool = False, wait: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.again = again
        self.wait = wait


class CircuitOpen(Failure):
    """Nothing was sent: the circuit of the pool is open."""


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds of a Retry-After field (RFC 9110 §10.2.3: seconds or an HTTP-date); None when it says nothing."""
    value = value.strip()
    try:
        if value.replace(".", "", 1).isascii() and value.replace(".", "", 1).isdigit():
            return min(float(value), _FAR)
        date = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max((date - now).total_seconds(), 0.0), _FAR)


# --- backoff ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RetryOptions:
    """Full jitter: before attempt n+1, a random part of `first` · 2^(n-1), capped at `longest`. A platform that asks
    for a longer wait than `longest` is not waited for: the caller learns when to come back."""

    attempts: int = 4
    first: float = 0.25
    """Seconds."""
    longest: float = 4.0
    """Seconds."""


class Attempts:
    """The attempts of one ask, within `limit` seconds altogether."""

    def __init__(
        self, options: RetryOptions, limit: float, entropy: Callable[[int], bytes], monotonic: Callable[[], float]
    ) -> None:
        self._options = options
        self._entropy = entropy
        self._monotonic = monotonic
        self._made = 0
        self._cause: Failure | None = None
        self.deadline = monotonic() + limit

    def left(self) -> float:
        """Seconds until the time is up, never negative."""
        return max(self.deadline - self._monotonic(), 0.0)

    def delay(self, failure: Failure) -> float:
        """Seconds to wait before the next attempt. Raises the failure's error when there is none to make."""
        if isinstance(failure, CircuitOpen) and self._cause is not None:
            raise self._cause.error  # this ask itself opened the circuit, or met what did
        self._made += 1
        self._cause = failure
        wait = failure.wait
        if wait is None:
            most = min(self._options.first * 2 ** (self._made - 1), self._options.longest)
            wait = most * int.from_bytes(self._entropy(4)) / 2**32
        enough = self._made >= self._options.attempts or wait > self._options.longest or wait >= self.left()
        if not failure.again or enough:
            raise failure.error
        return wait


# --- circuit breaker -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BreakerOptions:
    failures: int = 5
    """This many in a row open the circuit."""
    cooldown: float = 15.0
    """Seconds until one attempt may find out whether the platform is back."""


@dataclass(slots=True)
class _Circuit:
    failures: int = 0
    opened: float | None = None
    probing: bool = False


@dataclass(slots=True)
class Breakers:
    """One circuit a pool: closed, open (nothing is sent), half-open (one attempt at a time is). For many threads."""

    options: BreakerOptions = BreakerOptions()
    monotonic: Callable[[], float] = time.monotonic
    _circuits: dict[str, _Circuit] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def permit(self, pool: str) -> "Permit":
        """Leave for one attempt, to be held while it lasts. Raises CircuitOpen."""
        with self._lock:
            circuit = self._circuits.setdefault(pool, _Circuit())
            if circuit.opened is None:
                return Permit(self, circuit, probe=False)
            left = circuit.opened + self.options.cooldown - self.monotonic()
            if left <= 0 and not circuit.probing:
                circuit.probing = True
                return Permit(self, circuit, probe=True)
        raise CircuitOpen(
            PlatformUnavailable(
                f"The agent platform failed {circuit.failures} times in a row for the pool {pool} and is left alone.",
                hint="Try again later.",
                retry_after=max(1, ceil(left)),
            )
        )

    def settle(self, circuit: _Circuit, *, probe: bool, good: bool | None) -> None:
        """What an attempt showed: that the platform answers, that it does not, or nothing (None)."""
        with self._lock:
            if probe:
                circuit.probing = False
            if good:
                circuit.failures, circuit.opened = 0, None
            elif good is False:
                circuit.failures += 1
                if probe or circuit.failures >= self.options.failures:
                    circuit.opened = self.monotonic()


class Permit:
    """Counts a Failure whose error is PlatformUnavailable as a failure, a return or any other Failure as an answer, and
    everything else (a cancelled stream) as nothing."""

    def __init__(self, breakers: Breakers, circuit: _Circuit, *, probe: bool) -> None:
        self._breakers = breakers
        self._circuit = circuit
        self._probe = probe
        self._answered = False

    def answered(self) -> None:
        """The platform has begun to answer: the others need not wait for the end of it."""
        if not self._answered:
            self._answered = True
            self._breakers.settle(self._circuit, probe=self._probe, good=True)
            self._probe = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        good: bool | None = None
        if error is None:
            good = True
        elif isinstance(error, Failure):
            good = not isinstance(error.error, PlatformUnavailable)
        self._breakers.settle(self._circuit, probe=self._probe, good=good)
