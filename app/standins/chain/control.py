"""evm_* methods: mine, move the clock, go back. As anvil and Hardhat have them."""

from collections.abc import Mapping
from typing import Any

from app.standins.chain import formats, params
from app.standins.chain.errors import invalid_params
from app.standins.chain.ledger import Ledger
from app.standins.chain.methods import Method

_MOST_BLOCKS = 1_000
_FOREVER = 2**40
"""No timestamp lies beyond this second: 36,000 years, well inside what SQLite and the EVM hold."""


class Control:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def table(self) -> Mapping[str, Method]:
        return {
            "evm_mine": Method(self.mine, 0, 1),
            "evm_increaseTime": Method(self.increase_time, 1, 1),
            "evm_setNextBlockTimestamp": Method(self.set_next_time, 1, 1),
            "evm_snapshot": Method(lambda: formats.number(self.ledger.snapshot())),
            "evm_revert": Method(lambda number: self.ledger.revert(_bounded(number)), 1, 1),
        }

    def mine(self, options: Any = None) -> str:
        """One block, or `{"blocks": n, "timestamp": t}`, or a bare timestamp for one block."""
        fields = options if isinstance(options, Mapping) else {"timestamp": options}
        timestamp, blocks = fields.get("timestamp"), fields.get("blocks")
        count = 1 if blocks is None else params.quantity(blocks)
        if count > _MOST_BLOCKS:
            raise invalid_params(f"at most {_MOST_BLOCKS} blocks at once")
        for _ in range(count):
            self.ledger.mine(None if timestamp is None else _bounded(timestamp))
            timestamp = None
        return "0x0"

    def increase_time(self, seconds: Any) -> int:
        return self.ledger.clock.forward(_bounded(seconds))

    def set_next_time(self, timestamp: Any) -> None:
        self.ledger.clock.pin(_bounded(timestamp), self.ledger.head.timestamp)


def _bounded(value: Any) -> int:
    number = params.quantity(value)
    if number > _FOREVER:
        raise invalid_params(f"{number} is too large")
    return number
