"""What the chat needs of others; they are handed in where everything is wired."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from app.db.repositories import Unit
from app.folding import Said
from app.identity import Account
from app.ports import Address
from app.provenance.sealing import Box
from app.remembering import Remembered
from app.scope import Scope
from personalities.voice import Noticed


class Owners(Protocol):
    def owner(self, chain_id: int, contract: str, token_id: int, *, fresh: bool = False) -> Address | None:
        """The owner at the latest block, a few seconds old at most, or now; raises ChainUnavailable."""


class Memory(Protocol):
    """Private memory and the keys of private words. Everything is within one scope."""

    def box(self, unit: Unit, scope: Scope) -> Box:
        """Seals and opens; makes the scope's key, so `unit` is a write unit."""

    def opened(self, unit: Unit, scope: Scope) -> Box:
        """Opens. Raises Erased."""

    def recall(self, scope: Scope, text: str, limit: int = 8, unit: Unit | None = None) -> Sequence[Remembered]: ...

    def summary(self, scope: Scope, unit: Unit | None = None) -> str: ...

    def note(
        self,
        unit: Unit,
        scope: Scope,
        items: Iterable[Noticed],
        *,
        message_id: int | None = None,
        used: Iterable[int] = (),
    ) -> Any: ...

    def fold(self, scope: Scope, older: Iterable[Said], unit: Unit | None = None) -> None:
        """Make older messages part of the rolling summary."""


class Names(Protocol):
    def __call__(self, account: Account) -> str:
        """The pseudonym of an account."""
