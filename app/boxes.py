"""Data keys: made, wrapped by the vault for the database, and opened into boxes that seal the texts of one scope."""

from collections.abc import Callable

from app.errors import Erased
from app.ports import KeyVault
from app.provenance.sealing import KEY_BYTES, Box
from app.scope import Scope


class Boxes:
    """Nothing is kept between calls, so a key that was destroyed is gone in every process at once."""

    def __init__(self, vault: KeyVault, entropy: Callable[[int], bytes]) -> None:
        self._vault = vault
        self._entropy = entropy

    def fresh(self, scope: Scope) -> bytes:
        """A new data key, wrapped: as a row keeps it."""
        return self._vault.wrap(self._entropy(KEY_BYTES), scope.context)

    def open(self, scope: Scope, wrapped: bytes | None) -> Box:
        """The box of a wrapped data key. Raises Erased when there is none any more, Unreadable when it is of another
        vault or scope."""
        if wrapped is None:
            raise Erased("This was erased, and nobody can read it again.")
        return Box(self._vault.unwrap(wrapped, scope.context), scope.context, self._entropy)
