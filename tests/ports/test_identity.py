"""What NonceStore, SessionKeys and Revocations promise, asked of those in memory."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest

from app.adapters.identity_memory import MemoryNonces, MemoryRevocations, MemorySessionKeys
from app.identity import NonceStore, Revocations, SessionKeys, StoredKey

NOW = 1_700_000_000


@dataclass
class Stores:
    nonces: NonceStore
    keys: SessionKeys
    revocations: Revocations


@pytest.fixture(params=["memory"])
def stores(request: pytest.FixtureRequest) -> Stores:
    made: dict[str, Callable[[], Stores]] = {
        "memory": lambda: Stores(MemoryNonces(), MemorySessionKeys(), MemoryRevocations())
    }
    return made[request.param]()


def key(generation: int, kid: str = "0a1b2c3d") -> StoredKey:
    return StoredKey(generation, kid, bytes(range(180)), NOW)


# --- nonces -----------------------------------------------------------------------------------------------------------


def test_consume_takes_a_nonce_once(stores: Stores) -> None:
    stores.nonces.issue("a" * 32, NOW + 600)
    assert stores.nonces.consume("a" * 32, NOW) == NOW + 600
    assert stores.nonces.consume("a" * 32, NOW) is None


def test_consume_of_a_nonce_that_was_never_given_out(stores: Stores) -> None:
    stores.nonces.issue("a" * 32, NOW + 600)
    for nonce in ("b" * 32, "A" * 32, "a" * 31, "a" * 4000):
        assert stores.nonces.consume(nonce, NOW) is None


@pytest.mark.parametrize(("now", "found"), [(NOW + 599, NOW + 600), (NOW + 600, None), (NOW + 601, None)])
def test_consume_of_a_nonce_ends_in_time(stores: Stores, now: int, found: int | None) -> None:
    stores.nonces.issue("a" * 32, NOW + 600)
    assert stores.nonces.consume("a" * 32, now) == found


def test_issue_again_gives_a_nonce_back(stores: Stores) -> None:
    stores.nonces.issue("a" * 32, NOW + 600)
    assert stores.nonces.consume("a" * 32, NOW) == NOW + 600
    stores.nonces.issue("a" * 32, NOW + 600)
    assert stores.nonces.consume("a" * 32, NOW) == NOW + 600


def test_consume_by_many_at_once_works_for_one(stores: Stores) -> None:
    for number in range(20):
        nonce, start = f"{number:032x}", Barrier(8)
        stores.nonces.issue(nonce, NOW + 600)

        def attempt(_: int, nonce: str = nonce, start: Barrier = start) -> bool:
            start.wait()
            return stores.nonces.consume(nonce, NOW) is not None

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(attempt, range(8))) == 1


def test_forget_drops_only_nonces_that_ended(stores: Stores) -> None:
    stores.nonces.issue("a" * 32, NOW)
    stores.nonces.issue("b" * 32, NOW + 1)
    stores.nonces.forget(NOW)
    assert stores.nonces.consume("a" * 32, NOW - 1) is None
    assert stores.nonces.consume("b" * 32, NOW - 1) == NOW + 1


# --- keys -------------------------------------------------------------------------------------------------------------


def test_stored_gives_keys_by_generation(stores: Stores) -> None:
    assert list(stores.keys.stored()) == []
    for generation in (2, 1, 10):
        assert stores.keys.add(key(generation, f"{generation:08x}"))
    assert list(stores.keys.stored()) == [key(generation, f"{generation:08x}") for generation in (1, 2, 10)]


def test_add_of_a_generation_that_is_there_changes_nothing(stores: Stores) -> None:
    assert stores.keys.add(key(1))
    assert not stores.keys.add(key(1, "ffffffff"))
    assert not stores.keys.add(key(1))
    assert list(stores.keys.stored()) == [key(1)]


def test_add_by_many_at_once_works_for_one(stores: Stores) -> None:
    start = Barrier(8)

    def attempt(number: int) -> bool:
        mine = key(1, f"{number:08x}")
        start.wait()
        return stores.keys.add(mine)

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(attempt, range(8)))
    assert sum(results) == 1
    assert [stored.kid for stored in stores.keys.stored()] == [f"{results.index(True):08x}"]


def test_drop_forgets_a_key_and_is_repeatable(stores: Stores) -> None:
    stores.keys.add(key(1))
    stores.keys.add(key(2, "22222222"))
    for _ in range(2):
        stores.keys.drop(1)
        assert list(stores.keys.stored()) == [key(2, "22222222")]


# --- revocations ------------------------------------------------------------------------------------------------------


def test_revoked_after_revoke_only(stores: Stores) -> None:
    assert not stores.revocations.revoked("a" * 32)
    for _ in range(2):
        stores.revocations.revoke("a" * 32, NOW + 600)
        assert stores.revocations.revoked("a" * 32)
    assert not stores.revocations.revoked("b" * 32)


def test_forget_drops_only_revocations_that_ended(stores: Stores) -> None:
    stores.revocations.revoke("a" * 32, NOW)
    stores.revocations.revoke("b" * 32, NOW + 1)
    stores.revocations.forget(NOW)
    assert not stores.revocations.revoked("a" * 32)
    assert stores.revocations.revoked("b" * 32)
