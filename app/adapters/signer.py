"""Signing keys (port Signer): encrypted keystore files, and raw keys for the demo and tests.

A key never leaves its signer: repr shows the address only, and pickling or copying is refused.
"""

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from eth_utils.address import to_checksum_address

from app.errors import ConfigurationError
from app.ports import Address, Hash32, SignedTransaction, UnsignedTransaction

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount


class LocalSigner:
    """Signs with a raw 32-byte key. For the demo and for tests: a process that holds one can lose it."""

    __slots__ = ("__account",)

    def __init__(self, key: bytes) -> None:
        from eth_account import Account  # takes a second to import, so only where a key is used

        try:
            self.__account: LocalAccount = Account.from_key(key)
        except Exception:
            # The library's own error may quote the key, so it must not be chained.
            raise ConfigurationError(["A signing key is 32 bytes and not zero; this one is not"]) from None

    @property
    def address(self) -> Address:
        return Address(self.__account.address)

    def sign(self, transaction: UnsignedTransaction) -> SignedTransaction:
        fields: dict[str, Any] = {
            "type": 2,
            "chainId": transaction.chain_id,
            "nonce": transaction.nonce,
            "gas": transaction.gas,
            "maxFeePerGas": transaction.fees.max_fee,
            "maxPriorityFeePerGas": transaction.fees.max_priority_fee,
            "value": transaction.call.value,
            "data": transaction.call.data,
        }
        if transaction.call.to is not None:
            fields["to"] = transaction.call.to
        signed = self.__account.sign_transaction(fields)
        return SignedTransaction(Hash32("0x" + bytes(signed.hash).hex()), bytes(signed.raw_transaction))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A signer holds a key and can not be pickled or copied")


class KeystoreSigner(LocalSigner):
    """Signs with the key of a Web3 keystore v3 file. Opening takes about a second: the file is slow to guess."""

    __slots__ = ()

    def __init__(self, path: Path, password: str) -> None:
        """Raises ConfigurationError when the file is missing, no keystore, or the password does not open it."""
        from eth_account import Account

        keystore = _keystore(path)
        try:
            key = bytes(Account.decrypt(keystore, password))
        except Exception:
            # Wrong passwords come as a MAC mismatch, damaged files as anything; neither may be quoted.
            address = to_checksum_address("0x" + keystore["address"])
            raise ConfigurationError([f"The password does not open the keystore of {address}"]) from None
        super().__init__(key)


def create_keystore(path: Path, password: str, *, iterations: int | None = None) -> Address:
    """Make a new key, write it encrypted to `path` with mode 0600, and return its address.

    An existing file is never overwritten; the file is there whole or not at all. `iterations` is scrypt's cost N
    (default 2**18; tests use less). Raises ConfigurationError for an empty password, an existing file or a folder
    that can not be written."""
    from eth_account import Account

    if not password:
        raise ConfigurationError(["The keystore password is empty"])
    # The library draws key, salt and IV from the system itself: key material never passes through our own seeds.
    account = Account.create()
    keystore = json.dumps(account.encrypt(password, kdf="scrypt", iterations=iterations))
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp opens with mode 0600
    except OSError as error:
        raise ConfigurationError([f"The keystore {path.name} can not be written: {error.strerror}"]) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(keystore + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)  # fails when `path` exists, unlike a rename
    except FileExistsError:
        raise ConfigurationError([f"There is a file {path.name} already; a key is never overwritten"]) from None
    finally:
        os.unlink(name)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return Address(account.address)


def read_address(path: Path) -> Address:
    """The address of a keystore file, without its password; raises ConfigurationError when it is none."""
    return Address(to_checksum_address("0x" + _keystore(path)["address"]))


def _keystore(path: Path) -> dict[str, Any]:
    try:
        keystore = json.loads(path.read_text("utf-8"))
        bytes.fromhex(keystore["address"].removeprefix("0x"))
        if keystore["version"] == 3 and len(keystore["address"].removeprefix("0x")) == 40:
            return {**keystore, "address": keystore["address"].removeprefix("0x")}
    except OSError as error:
        raise ConfigurationError([f"The keystore {path.name} can not be read: {error.strerror}"]) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise ConfigurationError([f"{path.name} is not a Web3 keystore of version 3"])
