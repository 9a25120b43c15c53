"""What a KeyVault promises, asked of the one with a master key and of the one in memory."""

import copy
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.adapters.vault_local import LocalVault
from app.adapters.vault_memory import MemoryVault
from app.bootstrap import World
from app.errors import ConfigurationError, Unreadable
from app.ports import KeyVault
from app.provenance.sealing import KEY_BYTES
from tests.worlds import settings_for

MAKERS: dict[str, Callable[[], KeyVault]] = {
    "local": lambda: LocalVault(os.urandom(KEY_BYTES), os.urandom),
    "memory": lambda: MemoryVault(os.urandom),
}
KEY = bytes(range(32))


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[[], KeyVault]:
    return MAKERS[request.param]


@pytest.fixture
def vault(make: Callable[[], KeyVault]) -> KeyVault:
    return make()


def test_unwrap_gives_back_the_key(vault: KeyVault) -> None:
    assert vault.unwrap(vault.wrap(KEY, b"here"), b"here") == KEY


def test_wrap_twice_gives_different_bytes_that_both_open(vault: KeyVault) -> None:
    one, other = vault.wrap(KEY, b"here"), vault.wrap(KEY, b"here")
    assert one != other
    assert vault.unwrap(one, b"here") == vault.unwrap(other, b"here") == KEY


def test_wrap_shows_nothing_of_the_key(vault: KeyVault) -> None:
    assert KEY[:8] not in vault.wrap(KEY, b"here")


@pytest.mark.parametrize("context", [b"", b"her", b"here ", b"there"])
def test_unwrap_other_context_is_refused(vault: KeyVault, context: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        vault.unwrap(vault.wrap(KEY, b"here"), context)
    assert caught.value.hint and not caught.value.retryable


def test_unwrap_any_flipped_bit_is_refused(vault: KeyVault) -> None:
    wrapped = vault.wrap(KEY, b"here")
    for at in range(8 * len(wrapped)):
        changed = bytearray(wrapped)
        changed[at // 8] ^= 1 << (at % 8)
        with pytest.raises(Unreadable):
            vault.unwrap(bytes(changed), b"here")


def test_unwrap_cut_or_grown_is_refused(vault: KeyVault) -> None:
    wrapped = vault.wrap(KEY, b"here")
    for changed in (b"", wrapped[:-1], wrapped[1:], wrapped + b"\0", wrapped[:12]):
        with pytest.raises(Unreadable):
            vault.unwrap(changed, b"here")


def test_unwrap_in_another_vault_is_refused(make: Callable[[], KeyVault]) -> None:
    with pytest.raises(Unreadable):
        make().unwrap(make().wrap(KEY, b"here"), b"here")


def test_derive_is_fixed_for_a_purpose_and_different_for_others(make: Callable[[], KeyVault]) -> None:
    vault = make()
    assert vault.derive("one") == vault.derive("one")
    assert len({vault.derive("one"), vault.derive("other"), make().derive("one")}) == 3
    assert len(vault.derive("one")) == KEY_BYTES


def test_vault_is_never_shown_pickled_or_copied(vault: KeyVault) -> None:
    assert repr(vault) in ("LocalVault()", "MemoryVault()")
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            take(vault)


def test_local_key_of_another_length_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        LocalVault(b"short", os.urandom)


def test_local_same_master_key_opens_and_derives_the_same() -> None:
    master = os.urandom(KEY_BYTES)
    one, other = (LocalVault(master, os.urandom) for _ in range(2))
    assert other.unwrap(one.wrap(KEY, b"here"), b"here") == KEY
    assert one.derive("x") == other.derive("x")
    assert master not in (one.derive("wrap"), one.derive("x"))


# --- where the master key comes from ----------------------------------------------------------------------------------


def test_world_makes_a_private_file_once_and_reads_it_again(tmp_path: Path) -> None:
    wrapped = World(settings_for(tmp_path)).vault.wrap(KEY, b"here")
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600
    assert World(settings_for(tmp_path)).vault.unwrap(wrapped, b"here") == KEY


def test_world_setting_wins_over_the_file(tmp_path: Path) -> None:
    wrapped = World(settings_for(tmp_path, vault_key=SecretStr("ab" * 32))).vault.wrap(KEY, b"here")
    assert not (tmp_path / "vault.key").exists()
    with pytest.raises(Unreadable):
        World(settings_for(tmp_path)).vault.unwrap(wrapped, b"here")


def test_world_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vault.key").write_text("ab" * 32)
    (tmp_path / "vault.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600") as caught:
        _ = World(settings_for(tmp_path)).vault
    assert "ab" * 32 not in str(caught.value)


def test_world_in_production_makes_no_key(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, env="production")
    assert any("DNFT_VAULT_KEY" in problem for problem in settings.problems())
    with pytest.raises(ConfigurationError, match="DNFT_VAULT_KEY"):
        _ = World(settings).vault
    assert not (tmp_path / "vault.key").exists()
    assert not any(
        "VAULT" in each for each in settings_for(tmp_path, env="production", vault_key=SecretStr("0f" * 32)).problems()
    )


def test_world_pepper_stays_the_same_and_names_differ(tmp_path: Path) -> None:
    one, other = World(settings_for(tmp_path)), World(settings_for(tmp_path))
    alice = "eip155:1:0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"
    assert one.pseudonym(alice) == other.pseudonym(alice.lower())
    assert one.pseudonym(alice) != one.pseudonym(alice.replace(":1:", ":2:"))
    assert World(settings_for(tmp_path, vault_key=SecretStr("0f" * 32))).pseudonym(alice) != one.pseudonym(alice)
