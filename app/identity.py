"""Who somebody is: accounts, challenges and sessions as values, and the seams that sign-in needs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, Protocol, Self

from app.errors import Invalid
from app.ports import Address
from app.provenance.ids import checksum_address, parse_chain_id
from app.provenance.jwt import SigningKey, VerifyingKey

_ACCOUNT: Final = re.compile(r"eip155:([^:]+):([^:]+)", re.ASCII)


class Account(NamedTuple):
    """An account on one chain. As text it is its CAIP-10 id, `eip155:{chain}:{EIP-55 address}`."""

    chain_id: int
    address: Address

    def __str__(self) -> str:
        return f"eip155:{self.chain_id}:{self.address}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises Invalid for anything but the one spelling that `str` gives."""
        match = _ACCOUNT.fullmatch(text)
        if match is not None and checksum_address(match[2]) == match[2]:
            return cls(parse_chain_id(match[1]), Address(match[2]))
        raise Invalid("An account id reads eip155:{chain}:{EIP-55 address}.")


@dataclass(frozen=True, slots=True)
class Nonce:
    """A number used once, for messages that a client writes itself."""

    value: str
    """32 hex digits."""
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Challenge:
    """A message of EIP-4361, ready to sign with personal_sign."""

    message: str
    nonce: Nonce


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who signed in."""

    token: str = field(repr=False)
    account: Account
    id: str
    """The same in every token of one sign-in."""
    issued_at: datetime
    expires_at: datetime
    """Of this token."""
    until: datetime
    """The session can be renewed up to here."""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A session key at rest."""

    generation: int
    """1, 2, …; the highest signs."""
    kid: str
    """8 hex digits."""
    sealed: bytes = field(repr=False)
    """The private key under AES-256-GCM, about 170 bytes."""
    created_at: int
    """Unix seconds."""


class SignatureChecker(Protocol):
    """Knows whether an account signed something, on whatever chain and whatever kind of account it is."""

    def check(self, account: Account, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is the account's of `message` (EIP-191 personal_sign): by its key (ECDSA, which holds
        for EIP-7702 accounts too), by its contract at `latest` (ERC-1271), or by the contract it will be (ERC-6492).

        False for anything malformed. Raises ChainUnavailable when the key did not settle it and the chain of the
        account can not be asked."""


class NonceStore(Protocol):
    """Nonces that were given out and not used yet. Shared by all processes."""

    def issue(self, nonce: str, expires_at: int) -> None:
        """Remember a nonce until `expires_at` (unix seconds)."""

    def consume(self, nonce: str, now: int) -> int | None:
        """Take a nonce away and give its `expires_at`; None when it is not there or `expires_at <= now`.

        However many ask at once, in whatever processes, exactly one gets it."""

    def forget(self, now: int) -> None:
        """Drop the nonces with `expires_at <= now`."""


class SessionKeys(Protocol):
    """The keys that sign sessions. Shared by all processes; they keep sealed bytes and never see a key."""

    def stored(self) -> Sequence[StoredKey]:
        """All of them, by generation, upwards."""

    def add(self, key: StoredKey) -> bool:
        """Keep a new key; False, and nothing changes, when there is one of this generation already."""

    def drop(self, generation: int) -> None:
        """Forget a key; one that is not there is no error."""


class TokenKeys(Protocol):
    """The keys that sign and verify tokens, replaced from time to time."""

    def signing(self) -> SigningKey:
        """The key to sign with now."""

    def verifying(self) -> Sequence[VerifyingKey]:
        """The keys whose tokens are good now."""

    def tidy(self) -> None:
        """Forget the keys that verify nothing any more."""


class Revocations(Protocol):
    """Sessions that were ended early. Shared by all processes."""

    def revoke(self, session_id: str, until: int) -> None:
        """Remember until `until` (unix seconds) that this session has ended; again is no error."""

    def revoked(self, session_id: str) -> bool: ...

    def forget(self, now: int) -> None:
        """Drop what has `until <= now`."""
