"""What NonceStore, SessionKeys and Revocations promise, asked of those in memory and of those in both databases."""

import multiprocessing
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier as Gate
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from app.adapters.clocks import MemoryClock
from app.adapters.identity_memory import MemoryNonces, MemoryRevocations, MemorySessionKeys
from app.db.database import Database
from app.db.migrate import migrate
from app.identity import NonceStore, Revocations, SessionKeys, StoredKey
from app.services.identity_stores import DatabaseNonces, DatabaseRevocations, DatabaseSessionKeys
from app.services.keyring import KeyRing

NOW = 1_700_000_000
DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.part("postgres"))]


@dataclass
class Stores:
    nonces: NonceStore
    keys: SessionKeys
    revocations: Revocations


@pytest.fixture
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """URL of an empty database of a kind."""

    def make(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / 'identity.db'}"
        fresh: Callable[[], str] = request.getfixturevalue("postgres_url")
        return fresh()

    return make


@pytest.fixture(params=["memory", *DATABASES])
def stores(request: pytest.FixtureRequest, new_url: Callable[[str], str]) -> Iterator[Stores]:
    if request.param == "memory":
        yield Stores(MemoryNonces(), MemorySessionKeys(), MemoryRevocations())
        return
    database = Database(new_url(request.param))
    migrate(database)
    yield Stores(DatabaseNonces(database), DatabaseSessionKeys(database), DatabaseRevocations(database))
    database.close()


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


def test_revoke_again_never_shortens(stores: Stores) -> None:
    stores.revocations.revoke("a" * 32, NOW + 600)
    stores.revocations.revoke("a" * 32, NOW + 5)
    stores.revocations.forget(NOW + 5)
    assert stores.revocations.revoked("a" * 32)
    stores.revocations.revoke("a" * 32, NOW + 900)
    stores.revocations.forget(NOW + 600)
    assert stores.revocations.revoked("a" * 32)


# --- several processes ------------------------------------------------------------------------------------------------

PROCESSES = 4
SPAWN = multiprocessing.get_context("spawn")


def consume(url: str, gate: Gate, nonces: list[str], told: Any) -> None:
    """In a process of its own: take what can be had."""
    database = Database(url)
    store = DatabaseNonces(database)
    gate.wait(60)
    told.put([nonce for nonce in nonces if store.consume(nonce, NOW) is not None])
    database.close()


def draw_key(url: str, gate: Gate, rounds: list[int], told: Any) -> None:
    """In a process of its own: ask for the signing key whenever all keys are gone or too old."""
    database = Database(url)
    kids = []
    for at in rounds:
        clock = MemoryClock(datetime.fromtimestamp(at, UTC))
        ring = KeyRing(DatabaseSessionKeys(database), clock, secrets.token_bytes, bytes(32), token_seconds=900)
        gate.wait(60)
        kids.append(ring.signing().kid)
    told.put(kids)
    database.close()


def in_processes(task: Callable[..., None], url: str, given: object) -> list[list[str]]:
    """What each of several processes says that do the same at the same moment."""
    gate, told = SPAWN.Barrier(PROCESSES), SPAWN.Queue()
    running = [SPAWN.Process(target=task, args=(url, gate, given, told), daemon=True) for _ in range(PROCESSES)]
    for process in running:
        process.start()
    answers: list[list[str]] = [told.get(timeout=90) for _ in running]
    for process in running:
        process.join(30)
        assert process.exitcode == 0
    return answers


@pytest.mark.parametrize("kind", DATABASES)
def test_consume_in_several_processes_works_for_one(new_url: Callable[[str], str], kind: str) -> None:
    url = new_url(kind)
    database = Database(url)
    migrate(database)
    nonces = [f"{number:032x}" for number in range(50)]
    for nonce in nonces:
        DatabaseNonces(database).issue(nonce, NOW + 600)
    answers = in_processes(consume, url, nonces)
    assert Counter(nonce for taken in answers for nonce in taken) == Counter(nonces)
    database.close()


@pytest.mark.parametrize("kind", DATABASES)
def test_signing_in_several_processes_makes_one_key_a_week(new_url: Callable[[str], str], kind: str) -> None:
    url = new_url(kind)
    database = Database(url)
    migrate(database)
    weeks = [NOW + week * 8 * 86_400 for week in range(5)]
    answers = in_processes(draw_key, url, weeks)
    assert all(kids == answers[0] for kids in answers)
    assert len(set(answers[0])) == len(weeks)
    assert [key.kid for key in DatabaseSessionKeys(database).stored()] == answers[0]
    database.close()
