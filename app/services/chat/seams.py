"""What the chat needs of others; they are handed in where everything is wired."""

from collections.abc import Sequence
from typing import Any, Protocol

from app.db.repositories import Unit
from app.dialogue import Message
from app.identity import Account
from app.ports import Address
from app.scope import Scope
from personalities.voice import Noticed


class Owners(Protocol):
    def owner(self, chain_id: int, contract: str, token_id: int) -> Address | None:
        """The owner at the latest block, a few seconds old at most; raises ChainUnavailable."""


class Remembering(Protocol):
    """Private memory. Everything is within one scope."""

    def recall(self, scope: Scope, text: str, limit: int = 8) -> Sequence[Any]:
        """What fits the text best: each has kind, text, words and day."""

    def note(self, unit: Unit, scope: Scope, items: Sequence[Noticed]) -> Any: ...

    def summary(self, scope: Scope) -> str: ...

    def fold(self, scope: Scope, older_messages: Sequence[Message]) -> Any:
        """Make older messages part of the rolling summary."""

    def seal_text(self, scope: Scope, text: str) -> bytes: ...

    def open_text(self, scope: Scope, sealed: bytes) -> str: ...


class Names(Protocol):
    def __call__(self, account: Account) -> str:
        """The pseudonym of an account."""
