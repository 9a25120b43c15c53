"""Private words at rest: AES-256-GCM (NIST SP 800-38D) under a key that can be destroyed, bound to where they belong.

    sealed = 0x01 ‖ nonce (12 bytes) ‖ ciphertext (as long as the text) ‖ tag (16 bytes)

The context is authenticated and not stored: bytes that are moved to another scope, or opened with another key, or
changed in one bit, do not open. Who can read the database learns how long a text is, and nothing else of it.
"""

from collections.abc import Callable
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.errors import Unreadable

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
"""96 bits at random: good for 2^32 texts under one key (SP 800-38D §8.3), far more than one user says to one token."""
OVERHEAD: Final = 1 + NONCE_BYTES + 16
"""Bytes that sealing adds, whatever is sealed."""
_FORMAT: Final = b"\x01"


def seal(key: bytes, nonce: bytes, plain: bytes, context: bytes) -> bytes:
    """`len(plain) + OVERHEAD` bytes. `nonce` is NONCE_BYTES that were never used with this key of KEY_BYTES."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
    return _FORMAT + nonce + _cipher(key).encrypt(nonce, plain, context)


def unseal(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """What `seal` sealed; raises Unreadable for another key, another context, or changed bytes."""
    nonce, rest = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    if sealed[:1] == _FORMAT and len(sealed) >= OVERHEAD:
        try:
            return _cipher(key).decrypt(nonce, rest, context)
        except InvalidTag:
            pass
    raise Unreadable(
        "Sealed bytes do not open.",
        hint="They were sealed under another key or for another scope, or were changed. Trying again does not help.",
    )


class Box:
    """Seals and opens the texts of one context. It holds a key: `repr` shows nothing, and it is not to be pickled."""

    __slots__ = ("__key", "_context", "_entropy")

    def __init__(self, key: bytes, context: bytes, entropy: Callable[[int], bytes]) -> None:
        self.__key = key
        self._context = context
        self._entropy = entropy

    def seal(self, text: str) -> bytes:
        """Half of a surrogate pair, which is no text, becomes a question mark."""
        return seal(self.__key, self._entropy(NONCE_BYTES), text.encode("utf-8", "replace"), self._context)

    def open(self, sealed: bytes) -> str:
        """Raises Unreadable."""
        return unseal(self.__key, sealed, self._context).decode()

    def __repr__(self) -> str:
        return "Box()"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("A box holds a key and can not be pickled or copied")


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes")
    return AESGCM(key)
