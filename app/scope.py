"""Whose private words these are: the key every conversation, memory and data key is kept under."""

import hashlib
import hmac
from dataclasses import dataclass

PSEUDONYM_HEX = 32


@dataclass(frozen=True, slots=True)
class Scope:
    """One user's time with one token. Two scopes share nothing: no key, no memory, no recall.

    tenure: how many transfers of the token had been followed when the words were said; 0 while it is unminted. A sale
    begins a new tenure, so the buyer starts with an empty scope and the seller's stays sealed under its own key.
    user: the account's pseudonym, see `pseudonym`.
    """

    project_id: int
    collection_id: int
    token_id: int
    tenure: int
    user: str

    @property
    def context(self) -> bytes:
        """What everything of this scope is sealed to: nothing sealed in one scope opens in another."""
        return f"dnft scope {self.project_id}/{self.collection_id}/{self.token_id}/{self.tenure}/{self.user}".encode()


@dataclass(frozen=True, slots=True)
class Tombstone:
    """That a user of a project was erased: what was theirs up to and with `erased_at` (unix seconds) is gone for ever,
    and comes back with no backup."""

    project_id: int
    user: str
    erased_at: int


def pseudonym(pepper: bytes, account: str) -> str:
    """The name an account goes by in private rows: 32 lower-case hex digits of HMAC-SHA256 keyed by the pepper.

    account is a CAIP-10 account id in any letter case. Without the pepper nobody can tell whose rows these are, nor
    test a guess.
    """
    return hmac.new(pepper, account.lower().encode(), hashlib.sha256).hexdigest()[:PSEUDONYM_HEX]
