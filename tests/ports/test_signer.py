"""What Signer promises, asked of the raw key and of the keystore file."""

import copy
import json
import pickle
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account

from app.adapters.chain_transaction import read_transaction, transaction_hash
from app.adapters.signer import KeystoreSigner, LocalSigner, create_keystore, read_address
from app.errors import ConfigurationError
from app.ports import Address, Call, Fees, Signer, UnsignedTransaction

KEY = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
ADDRESS = Address("0x2c7536E3605D9C16a7a3D7b1898e529396a65c23")
PASSWORD = "correct horse"
TRANSACTION = UnsignedTransaction(
    chain_id=31337,
    nonce=7,
    gas=50_000,
    fees=Fees(max_fee=3 * 10**9, max_priority_fee=10**9),
    call=Call(to=ADDRESS, data=b"\x01\x02", value=5),
)


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A keystore of KEY with a cost low enough for tests."""
    path = tmp_path_factory.mktemp("keys") / "key.json"
    path.write_text(json.dumps(Account.encrypt(KEY, PASSWORD, iterations=2)))
    return path


@pytest.fixture(params=["local", "keystore"])
def signer(request: pytest.FixtureRequest, keystore: Path) -> Signer:
    return LocalSigner(KEY) if request.param == "local" else KeystoreSigner(keystore, PASSWORD)


def test_address_is_that_of_the_key(signer: Signer) -> None:
    assert signer.address == ADDRESS


def test_sign_says_exactly_what_was_asked_and_by_whom(signer: Signer) -> None:
    signed = signer.sign(TRANSACTION)
    read = read_transaction(signed.raw)
    assert (read.transaction, read.sender, read.hash) == (TRANSACTION, ADDRESS, signed.hash)
    assert signed.raw[0] == 2
    assert transaction_hash(signed.raw) == signed.hash


def test_sign_twice_gives_the_same_bytes(signer: Signer) -> None:
    assert signer.sign(TRANSACTION) == signer.sign(TRANSACTION)


def test_sign_deployment_has_no_receiver(signer: Signer) -> None:
    transaction = UnsignedTransaction(1, 0, 100_000, Fees(1, 1), Call(None, b"\x60\x00"))
    assert read_transaction(signer.sign(transaction).raw).transaction == transaction


def test_repr_and_str_show_the_address_only(signer: Signer) -> None:
    for shown in (repr(signer), str(signer), f"{signer}"):
        assert ADDRESS in shown
        assert KEY.hex() not in shown.lower()


@pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy])
def test_pickle_and_copy_are_refused(signer: Signer, way: Callable[[Signer], object]) -> None:
    with pytest.raises(TypeError, match="can not be pickled or copied") as caught:
        way(signer)
    assert KEY.hex() not in str(caught.value)


def test_signer_takes_no_attributes(signer: Signer) -> None:
    assert not hasattr(signer, "__dict__")


@pytest.mark.parametrize("key", [b"", b"\x01" * 31, b"\x00" * 32, b"\xff" * 32], ids=["none", "short", "zero", "large"])
def test_local_key_that_is_none_is_refused_without_quoting_it(key: bytes) -> None:
    with pytest.raises(ConfigurationError) as caught:
        LocalSigner(key)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert not key or key.hex() not in str(caught.value)


def test_create_keystore_writes_a_private_file_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    address = create_keystore(path, PASSWORD, iterations=2)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["key.json"]
    assert read_address(path) == address
    assert KeystoreSigner(path, PASSWORD).address == address
    assert PASSWORD not in path.read_text()
    assert json.loads(path.read_text())["crypto"]["kdf"] == "scrypt"


def test_create_keystore_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text("mine")
    with pytest.raises(ConfigurationError, match="never overwritten"):
        create_keystore(path, PASSWORD, iterations=2)
    assert path.read_text() == "mine"
    assert [entry.name for entry in tmp_path.iterdir()] == ["key.json"]


def test_create_keystore_twice_makes_two_keys(tmp_path: Path) -> None:
    first, second = (create_keystore(tmp_path / name, PASSWORD, iterations=2) for name in ("a", "b"))
    assert first != second


def test_create_keystore_without_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="empty"):
        create_keystore(tmp_path / "key.json", "")
    assert list(tmp_path.iterdir()) == []


def test_create_keystore_in_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can not be written"):
        create_keystore(tmp_path / "none" / "key.json", PASSWORD, iterations=2)


def test_keystore_with_wrong_password_is_refused_clearly(keystore: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"password does not open the keystore of {ADDRESS}") as caught:
        KeystoreSigner(keystore, "wrong")
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"version": 3}', '{"version": 3, "address": "xyz"}', "\x00"])
def test_keystore_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(text)
    for opens in (read_address, lambda file: KeystoreSigner(file, PASSWORD)):
        with pytest.raises(ConfigurationError, match="not a Web3 keystore"):
            opens(path)


def test_keystore_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can not be read"):
        read_address(tmp_path / "key.json")
