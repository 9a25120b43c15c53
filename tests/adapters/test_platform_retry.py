"""Backoff, Retry-After and circuits, without waiting for any of them."""

from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime

import pytest

from app.adapters.platform_retry import Attempts, BreakerOptions, Breakers, Failure, Permit, RetryOptions, retry_after
from app.errors import PlatformDenied, PlatformLimited, PlatformUnavailable
from tests.adapters.wire import NOW


class Stopwatch:
    def __init__(self) -> None:
        self.now = 500.0

    def __call__(self) -> float:
        return self.now


def down(wait: float | None = None) -> Failure:
    return Failure(PlatformUnavailable("down"), again=True, wait=wait)


def entropy(value: int) -> Callable[[int], bytes]:
    return lambda size: value.to_bytes(size)


# --- Retry-After


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("17", 17),
        (" 17 ", 17),
        ("1.5", 1.5),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90),
        ("Sun Mar  1 12:01:30 2026", 90),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0),
        ("99999999999999999999", 86_400),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("", None),
        ("-3", None),
        ("soon", None),
        ("1e9", None),
        ("٣", None),
        ("inf", None),
        (".", None),
    ],
)
def test_retry_after_reads_seconds_and_dates(value: str, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds


# --- backoff


@pytest.mark.parametrize(("drawn", "part"), [(0, 0.0), (2**31, 0.5), (2**32 - 1, 1.0)])
def test_delay_is_a_random_part_of_what_doubles(drawn: int, part: float) -> None:
    attempts = Attempts(RetryOptions(attempts=6, first=1, longest=4), 1000, entropy(drawn), Stopwatch())
    assert [attempts.delay(down()) for _ in range(5)] == pytest.approx([part * most for most in (1, 2, 4, 4, 4)])
    with pytest.raises(PlatformUnavailable):
        attempts.delay(down())


def test_delay_waits_as_long_as_the_platform_asks() -> None:
    attempts = Attempts(RetryOptions(longest=4), 1000, entropy(0), Stopwatch())
    assert attempts.delay(down(wait=3)) == 3


def test_delay_does_not_wait_for_a_platform_that_asks_for_long() -> None:
    attempts = Attempts(RetryOptions(longest=4), 1000, entropy(0), Stopwatch())
    with pytest.raises(PlatformLimited) as caught:
        attempts.delay(Failure(PlatformLimited("slow down", retry_after=20), again=True, wait=20))
    assert caught.value.retry_after == 20


def test_delay_does_not_wait_past_the_time_limit() -> None:
    watch = Stopwatch()
    attempts = Attempts(RetryOptions(attempts=100, first=1, longest=1), 10, entropy(2**31), watch)
    assert attempts.left() == 10 and attempts.delay(down()) == 0.5
    watch.now += 9.6
    with pytest.raises(PlatformUnavailable):
        attempts.delay(down())
    watch.now += 5
    assert attempts.left() == 0


def test_delay_gives_up_at_once_where_another_attempt_cannot_help() -> None:
    attempts = Attempts(RetryOptions(), 1000, entropy(0), Stopwatch())
    with pytest.raises(PlatformDenied):
        attempts.delay(Failure(PlatformDenied("no")))


def test_delay_tells_what_opened_the_circuit_rather_than_that_it_is_open() -> None:
    watch = Stopwatch()
    attempts, breakers = Attempts(RetryOptions(), 1000, entropy(0), watch), Breakers(BreakerOptions(1, 10), watch)
    failure = down()
    attempt(breakers, failure)
    attempts.delay(failure)
    with pytest.raises(Failure) as refused:
        breakers.permit("cheap")
    with pytest.raises(PlatformUnavailable, match=r"^down$"):
        attempts.delay(refused.value)


# --- circuits


def attempt(breakers: Breakers, error: BaseException | None, pool: str = "cheap") -> None:
    try:
        with breakers.permit(pool):
            if error:
                raise error
    except Failure as failure:
        if failure is not error:
            raise
    except GeneratorExit:
        pass


def is_open(breakers: Breakers, pool: str = "cheap") -> bool:
    """Whether nothing may be sent (asking takes no leave away: what is given is given back unsettled)."""
    try:
        attempt(breakers, GeneratorExit(), pool)
    except Failure as failure:
        return isinstance(failure.error, PlatformUnavailable) and not failure.again
    return False


def tripped(watch: Stopwatch) -> Breakers:
    breakers = Breakers(BreakerOptions(failures=3, cooldown=10), watch)
    for _ in range(3):
        assert not is_open(breakers)
        attempt(breakers, down())
    assert is_open(breakers)
    return breakers


def test_circuit_opens_after_failures_in_a_row_and_tells_when_to_come_back() -> None:
    watch = Stopwatch()
    breakers = tripped(watch)
    watch.now += 3.5
    with pytest.raises(Failure) as caught:
        breakers.permit("cheap")
    assert caught.value.error.retry_after == 7


def test_circuit_counts_only_failures_in_a_row() -> None:
    breakers = Breakers(BreakerOptions(failures=3), Stopwatch())
    for _ in range(5):
        attempt(breakers, down())
        attempt(breakers, down())
        attempt(breakers, None)
    assert not is_open(breakers)


def test_circuit_takes_a_refusal_for_an_answer_and_a_cancelled_stream_for_nothing() -> None:
    breakers = Breakers(BreakerOptions(failures=3), Stopwatch())
    for _ in range(5):
        attempt(breakers, Failure(PlatformLimited("slow down"), again=True))
    assert not is_open(breakers)
    attempt(breakers, down())
    attempt(breakers, down())
    attempt(breakers, GeneratorExit())
    attempt(breakers, down())
    assert is_open(breakers)


def test_circuit_is_one_a_pool() -> None:
    assert not is_open(tripped(Stopwatch()), "reasoning")


def test_circuit_half_open_lets_one_through_at_a_time() -> None:
    watch = Stopwatch()
    breakers = tripped(watch)
    watch.now += 10
    with breakers.permit("cheap"):
        assert is_open(breakers)
    assert not is_open(breakers), "what answered closes it"


def test_circuit_half_open_failure_opens_it_again() -> None:
    watch = Stopwatch()
    breakers = tripped(watch)
    watch.now += 10
    attempt(breakers, down())
    watch.now += 9
    assert is_open(breakers)
    watch.now += 1
    assert not is_open(breakers)


def test_circuit_half_open_cancelled_probe_lets_the_next_one_through() -> None:
    watch = Stopwatch()
    breakers = tripped(watch)
    watch.now += 10
    attempt(breakers, GeneratorExit())
    attempt(breakers, None)
    assert not is_open(breakers)


def test_circuit_closes_when_a_probe_begins_to_answer() -> None:
    watch = Stopwatch()
    breakers = tripped(watch)
    watch.now += 10
    permit: Permit
    with breakers.permit("cheap") as permit:
        assert is_open(breakers)
        permit.answered()
        permit.answered()
        assert not is_open(breakers), "the others need not wait for the end of a long stream"
