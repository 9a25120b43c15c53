"""Who owns a token at the latest block: asked of the chain, remembered for a few seconds."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

from app.errors import ChainUnavailable, ConfigurationError
from app.ports import Address, ChainReader
from app.provenance.ids import checksum_address

FRESH_SECONDS: Final = 5.0
_KEPT: Final = 10_000


class Owning:
    """Safe to use from several threads. `reader` gives the reader of a chain by its id."""

    def __init__(
        self,
        reader: Callable[[int], ChainReader],
        *,
        fresh_seconds: float = FRESH_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._fresh = fresh_seconds
        self._monotonic = monotonic
        self._lock = Lock()
        self._known: OrderedDict[tuple[int, str, int], tuple[float, Address | None]] = OrderedDict()

    def owner(self, chain_id: int, contract: str, token_id: int, *, fresh: bool = False) -> Address | None:
        """The owner, at most 5 seconds old, or asked for now; None when the token is not minted, or burned. Blocks
        while the node is asked. Raises ChainUnavailable; failures are not remembered."""
        key = (chain_id, contract.lower(), token_id)
        asked = self._monotonic()
        with self._lock:
            known = self._known.get(key)
        if known is not None and not fresh and asked - known[0] < self._fresh:
            return known[1]
        try:
            owner = self._reader(chain_id).owner_of(Address(checksum_address(contract)), token_id)
        except ConfigurationError as error:
            raise ChainUnavailable(f"Chain {chain_id} cannot be asked who owns this token.", hint=error.hint) from error
        with self._lock:
            self._known[key] = (asked, owner)
            self._known.move_to_end(key)
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return owner
