"""How often somebody may ask, and who that is."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request

from app.api.limits import RateLimit, client_of
from app.errors import RateLimited


class Watch:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def granted(limit: RateLimit, key: str, times: int) -> int:
    count = 0
    for _ in range(times):
        try:
            limit.take(key, "requests")
        except RateLimited:
            continue
        count += 1
    return count


def test_take_grants_a_burst_and_then_says_when() -> None:
    watch = Watch()
    limit = RateLimit(6, now=watch)
    assert granted(limit, "a", 10) == 6
    with pytest.raises(RateLimited) as caught:
        limit.take("a", "requests")
    assert caught.value.retry_after == 10
    assert caught.value.retryable
    watch.seconds += 10
    assert granted(limit, "a", 10) == 1
    watch.seconds += 3600
    assert granted(limit, "a", 10) == 6


def test_take_counts_each_key_alone() -> None:
    limit = RateLimit(2, now=Watch())
    assert [granted(limit, key, 5) for key in "abc"] == [2, 2, 2]


def test_take_never_grants_more_than_twice_the_burst_in_a_period() -> None:
    watch, chance = Watch(), random.Random(429)
    limit = RateLimit(5, now=watch)
    times = []
    for _ in range(3000):
        watch.seconds += chance.random() * 3
        times += [watch.seconds] * granted(limit, "a", chance.choice([0, 1, 1, 8]))
    for at, time in enumerate(times):
        assert sum(time <= other < time + 60 for other in times[at : at + 20]) <= 10
    assert len(times) == pytest.approx((watch.seconds - 1000) / 12, abs=6)  # and no fewer than it should


def test_take_with_more_keys_than_it_holds_forgets_the_oldest() -> None:
    limit = RateLimit(1, keys=100, now=Watch())
    for number in range(100):
        limit.take(str(number), "requests")
    assert granted(limit, "0", 1) == 0  # asked again just now, so it is kept
    for number in range(100, 199):
        limit.take(str(number), "requests")
    assert len(limit) == 100
    assert granted(limit, "0", 1) == 0
    assert granted(limit, "1", 1) == 1


def test_take_by_many_threads_grants_exactly_the_burst() -> None:
    limit = RateLimit(50, now=Watch())
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: granted(limit, "a", 50), range(8))) == 50


def request(peer: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return Request({"type": "http", "headers": headers, "client": (peer, 1) if peer is not None else None})


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "found"),
    [
        (0, "192.0.2.1", (), "192.0.2.1"),
        (0, "192.0.2.1", ("198.51.100.7",), "192.0.2.1"),
        (1, "10.0.0.1", ("198.51.100.7",), "198.51.100.7"),
        (1, "10.0.0.1", ("1.1.1.1, 2.2.2.2, 198.51.100.7",), "198.51.100.7"),
        (1, "10.0.0.1", ("1.1.1.1", "198.51.100.7"), "198.51.100.7"),
        (2, "10.0.0.1", ("1.1.1.1, 198.51.100.7, 10.0.0.2",), "198.51.100.7"),
        (2, "10.0.0.1", ("198.51.100.7",), "10.0.0.1"),
        (1, "10.0.0.1", (), "10.0.0.1"),
        (1, "10.0.0.1", ("198.51.100.7:4711",), "198.51.100.7"),
        (1, "10.0.0.1", ("[2001:db8:1:2::7]:4711",), "2001:db8:1:2::/64"),
        (0, "2001:db8:1:2:3:4:5:6", (), "2001:db8:1:2::/64"),
        (0, "::ffff:192.0.2.1", (), "192.0.2.1"),
        (1, "10.0.0.1", ("x" * 9000,), "x" * 64),
        (0, None, (), ""),
    ],
)
def test_client_of_is_whoever_our_own_proxies_saw(
    proxies: int, peer: str | None, forwarded: tuple[str, ...], found: str
) -> None:
    assert client_of(request(peer, *forwarded), proxies) == found
