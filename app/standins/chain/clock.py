"""The chain's clock: a calendar given from outside, an offset that evm_increaseTime moves, a pinned next timestamp."""

from collections.abc import Callable

from app.standins.chain.errors import invalid_params
from app.standins.chain.store import Store

_OFFSET, _PINNED = "time_offset", "next_time"


class ChainClock:
    """Gives timestamps in Unix seconds; its state survives a restart."""

    def __init__(self, store: Store, now: Callable[[], int]) -> None:
        self._store = store
        self._now = now

    @property
    def offset(self) -> int:
        """Seconds ahead of (or, after a pinned timestamp, behind) the calendar."""
        return self._store.setting(_OFFSET) or 0

    def next(self, parent: int) -> int:
        """Timestamp for the block after one of timestamp `parent`; always later than it, as the protocol demands."""
        pinned = self._store.setting(_PINNED)
        return max(parent + 1, self._now() + self.offset if pinned is None else pinned)

    def forward(self, seconds: int) -> int:
        """Move on; the whole offset afterwards."""
        offset = self.offset + seconds
        with self._store.transaction():
            self._store.set_setting(_OFFSET, offset)
        return offset

    def pin(self, timestamp: int, parent: int) -> None:
        """Give the next block exactly this timestamp; time goes on from there."""
        if timestamp <= parent:
            raise invalid_params(f"Timestamp error: {timestamp} is lower than previous block's timestamp")
        with self._store.transaction():
            self._store.set_setting(_PINNED, timestamp)

    def used(self, timestamp: int) -> None:
        """A block got `timestamp`. Call it inside the block's transaction."""
        if self._store.setting(_PINNED) is not None:
            self.reset(timestamp - self._now())

    def reset(self, offset: int) -> None:
        """Forget a pinned timestamp and take this offset. Call it inside a transaction."""
        self._store.set_setting(_PINNED, None)
        self._store.set_setting(_OFFSET, offset)
