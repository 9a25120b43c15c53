"""Keys that sign tokens: sealed at rest, replaced in time, good as long as what they signed."""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from threading import Barrier

import pytest

from app.adapters.clocks import MemoryClock
from app.adapters.identity_memory import MemorySessionKeys
from app.errors import ConfigurationError, DnftError
from app.identity import StoredKey
from app.provenance.jwt import LEEWAY
from app.services.keyring import KEY_SECONDS, KeyRing

SEALING = bytes(range(32))
TOKEN = 900


class Rig:
    def __init__(self) -> None:
        self.clock = MemoryClock(datetime(2026, 11, 20, tzinfo=UTC))
        self.store = MemorySessionKeys()
        self._drawn = count()
        self.ring = self.process()

    def process(self, sealing: bytes = SEALING) -> KeyRing:
        return KeyRing(self.store, self.clock, self._entropy, sealing, token_seconds=TOKEN)

    def _entropy(self, length: int) -> bytes:
        return hashlib.sha256(str(next(self._drawn)).encode()).digest()[:length]

    def published(self) -> list[str]:
        return [key["kid"] for key in self.ring.jwks()["keys"]]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_signing_makes_the_first_key_and_keeps_it(rig: Rig) -> None:
    assert rig.published() == []
    kid = rig.ring.signing().kid
    assert rig.ring.signing().kid == rig.process().signing().kid == kid
    assert rig.published() == [kid]


def test_signing_replaces_the_key_when_it_is_a_week_old(rig: Rig) -> None:
    first = rig.ring.signing().kid
    rig.clock.advance(KEY_SECONDS - 1)
    assert rig.ring.signing().kid == first
    rig.clock.advance(1)
    second = rig.ring.signing().kid
    assert second != first
    assert rig.published() == [second, first]


def test_key_before_stays_good_until_its_last_token_has_ended(rig: Rig) -> None:
    first, second = rig.ring.signing().kid, rig.ring.rotate()
    rig.clock.advance(TOKEN + LEEWAY - 1)
    rig.ring.tidy()
    assert rig.published() == [second, first]
    rig.clock.advance(1)
    assert rig.published() == [second]
    assert len(rig.store.stored()) == 2
    rig.ring.tidy()
    assert [stored.kid for stored in rig.store.stored()] == [second]


def test_key_that_nobody_replaced_stays_good(rig: Rig) -> None:
    first = rig.ring.signing().kid
    rig.clock.advance(3 * KEY_SECONDS)
    rig.ring.tidy()
    assert rig.published() == [first], "the sessions it signed last may be minutes old"


def test_keys_of_several_quick_rotations_are_all_good(rig: Rig) -> None:
    kids = [rig.ring.rotate() for _ in range(4)]
    assert rig.published() == kids[::-1]
    assert rig.ring.signing().kid == kids[-1]


def test_tidy_keeps_what_is_needed_and_generations_go_on(rig: Rig) -> None:
    for _ in range(3):
        rig.ring.rotate()
        rig.clock.advance(TOKEN + LEEWAY)
        rig.ring.tidy()
    assert [stored.generation for stored in rig.store.stored()] == [3]


class Crowded(MemorySessionKeys):
    """Lets nobody go on who found no key before eight have."""

    def __init__(self) -> None:
        super().__init__()
        self._all_looked = Barrier(8)

    def stored(self) -> Sequence[StoredKey]:
        found = super().stored()
        if not found:
            self._all_looked.wait(10)
        return found


def test_signing_by_many_processes_at_once_makes_one_key(rig: Rig) -> None:
    rig.store = Crowded()
    with ThreadPoolExecutor(8) as pool:
        kids = set(pool.map(lambda _: rig.process().signing().kid, range(8)))
    assert kids == {stored.kid for stored in rig.store.stored()}
    assert len(rig.store.stored()) == 1


def test_dropped_keys_are_bad_at_once_in_every_process(rig: Rig) -> None:
    other = rig.process()
    first = other.signing().kid
    rig.ring.drop_all()
    assert other.verifying() == []
    assert other.signing().kid != first


def test_stored_key_shows_nothing(rig: Rig) -> None:
    rig.ring.signing()
    (stored,) = rig.store.stored()
    assert "sealed" not in repr(stored)
    assert b"\x30\x81" not in stored.sealed[:20], "PKCS 8 begins like this"
    assert SEALING.hex() not in repr(vars(rig.ring)["_opened"])


def test_stored_key_opens_only_under_its_sealing_key(rig: Rig) -> None:
    rig.ring.signing()
    other = rig.process(bytes(32))
    for use in (other.signing, other.verifying, other.jwks):
        with pytest.raises(DnftError) as caught:
            use()
        assert "dnft sessions end" in caught.value.hint


@pytest.mark.parametrize(
    "change", [{"generation": 9}, {"kid": "00000000"}, {"created_at": 1}, {"sealed": bytes(180)}], ids=str
)
def test_stored_key_that_was_changed_is_refused(rig: Rig, change: dict[str, object]) -> None:
    rig.ring.signing()
    (stored,) = rig.store.stored()
    rig.store.drop(stored.generation)
    changed: StoredKey = replace(stored, **change)  # type: ignore[arg-type]  # one field by name
    rig.store.add(changed)
    with pytest.raises(DnftError):
        rig.ring.verifying()


@pytest.mark.parametrize("sealing", [b"", bytes(16), bytes(31), bytes(33)])
def test_ring_without_a_whole_sealing_key_cannot_be_made(rig: Rig, sealing: bytes) -> None:
    with pytest.raises(ConfigurationError, match="32 bytes"):
        rig.process(sealing)


def test_jwks_holds_public_members_only(rig: Rig) -> None:
    rig.ring.signing()
    document = json.loads(json.dumps(rig.ring.jwks()))
    assert set(document["keys"][0]) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
