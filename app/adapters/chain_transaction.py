"""Signed transactions as bytes: what an EIP-1559 (type 2) transaction says, and who signed it."""

from dataclasses import dataclass
from typing import cast

import rlp
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from app.errors import ChainRefused
from app.ports import Address, Call, Fees, Hash32, UnsignedTransaction

_SHAPES = [bytes] * 8 + [list] + [bytes] * 3
"""chain id, nonce, tip, max fee, gas, to, value, data, access list, y parity, r, s (EIP-1559)."""


@dataclass(frozen=True, slots=True)
class ReadTransaction:
    hash: Hash32
    sender: Address
    transaction: UnsignedTransaction


def transaction_hash(raw: bytes) -> Hash32:
    """The hash a node will know these signed bytes by."""
    return Hash32("0x" + keccak(raw).hex())


def chain_id_of(raw: bytes) -> int:
    """The EIP-155 chain id that signed type 2 bytes are for; raises ChainRefused for anything else."""
    return int.from_bytes(_fields(raw)[0], "big")


def read_transaction(raw: bytes) -> ReadTransaction:
    """Everything in signed type 2 bytes; raises ChainRefused when they are malformed or badly signed."""
    fields = _fields(raw)
    chain_id, nonce, tip, max_fee, gas = (int.from_bytes(item, "big") for item in fields[:5])
    to = Address(to_checksum_address(fields[5])) if fields[5] else None
    call = Call(to, fields[7], int.from_bytes(fields[6], "big"))
    return ReadTransaction(
        transaction_hash(raw),
        _signer(raw),
        UnsignedTransaction(chain_id, nonce, gas, Fees(max_fee, tip), call),
    )


def created_address(sender: Address, nonce: int) -> Address:
    """Address of the contract that `sender` makes with its transaction number `nonce`."""
    return Address(to_checksum_address(keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:]))


def _fields(raw: bytes) -> list[bytes]:
    try:
        fields = rlp.decode(raw[1:]) if raw[:1] == b"\x02" else None
    except rlp.exceptions.RLPException:
        fields = None
    if not isinstance(fields, list) or [type(item) for item in fields] != _SHAPES or len(fields[5]) not in (0, 20):
        raise ChainRefused("These bytes are not a signed EIP-1559 transaction.")
    return cast("list[bytes]", fields)


def _signer(raw: bytes) -> Address:
    from eth_account import Account  # takes a second to import

    try:
        return Address(Account.recover_transaction(raw))
    except Exception as error:  # the library raises half a dozen types for a bad signature
        raise ChainRefused("The transaction's signature is not valid.") from error
