"""Signatures by Ethereum accounts, as far as they can be read without a chain.

Three forms: ECDSA by a key (65 bytes, or 64 by EIP-2098), whatever a contract account takes (ERC-1271), and the latter
wrapped together with how to make the account (ERC-6492). One message has one ECDSA signature here: the other one that
anybody can derive from it, with s in the upper half of the curve's order, is refused (EIP-2).
"""

import re
from typing import Final, NamedTuple

import coincurve
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from app.errors import Invalid
from app.provenance.ids import checksum_address

MAX_SIGNATURE: Final = 16_384
"""Bytes. Those of passkeys and of the creation of an account take one or two thousand."""

_ORDER: Final = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
_MAGIC: Final = bytes.fromhex("6492" * 16)
_HEX: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})+", re.ASCII)
_WRAPPED: Final = ("address", "bytes", "bytes")


class Wrapped(NamedTuple):
    """What ERC-6492 puts around the signature of an account that may not exist yet."""

    factory: str
    """EIP-55."""
    calldata: bytes
    """Makes the account when the factory is called with it."""
    signature: bytes
    """For the account itself (ERC-1271)."""


def message_hash(message: bytes) -> bytes:
    """What a wallet signs of a text: 32 bytes (EIP-191, version 0x45, personal_sign)."""
    digest: bytes = keccak(b"\x19Ethereum Signed Message:\n%d" % len(message) + message)
    return digest


def recover(digest: bytes, signature: bytes) -> str | None:
    """The address (EIP-55) whose key made this ECDSA signature of the 32-byte digest, or None when it is not one.

    65 bytes r ‖ s ‖ v with v 0, 1, 27 or 28, or the 64 bytes of EIP-2098; s in the lower half of the order."""
    if len(signature) == 65 and signature[64] in (0, 1, 27, 28):
        parity, s = signature[64] % 27, signature[32:64]
    elif len(signature) == 64:
        parity, s = signature[32] >> 7, bytes([signature[32] & 0x7F]) + signature[33:]
    else:
        return None
    if int.from_bytes(s, "big") > _ORDER // 2:
        return None
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature[:32] + s + bytes([parity]), digest, hasher=None)
    except ValueError:  # r or s is zero or beyond the order, or r is no point of the curve
        return None
    return checksum_address("0x" + keccak(key.format(compressed=False)[1:])[12:].hex())


def read_signature(text: str) -> bytes:
    """The bytes of a signature in 0x hex, as wallets give it. Raises Invalid, also above MAX_SIGNATURE."""
    if len(text) > 2 + 2 * MAX_SIGNATURE:
        raise Invalid(f"A signature has {MAX_SIGNATURE} bytes at most.")
    if not _HEX.fullmatch(text):
        raise Invalid("A signature is 0x followed by pairs of hex digits.")
    return bytes.fromhex(text[2:])


def is_wrapped(signature: bytes) -> bool:
    return signature.endswith(_MAGIC)


def unwrap(signature: bytes) -> Wrapped | None:
    """What is in an ERC-6492 wrapper; None when it has the magic suffix and is none all the same."""
    if not is_wrapped(signature) or len(signature) > MAX_SIGNATURE:
        return None
    try:
        factory, calldata, inner = decode(_WRAPPED, signature[: -len(_MAGIC)])
    except (DecodingError, ValueError, OverflowError):
        return None
    return Wrapped(checksum_address(factory), calldata, inner)


def wrap(wrapped: Wrapped) -> bytes:
    """The wrapper a wallet makes (ERC-6492, signer side)."""
    return bytes(encode(_WRAPPED, tuple(wrapped))) + _MAGIC
