"""Server-side filters (eth_newFilter and kin), for clients that poll changes. They live in memory, as in every node."""

from collections.abc import Mapping
from typing import Any

from app.standins.chain import formats, params
from app.standins.chain.errors import server_error
from app.standins.chain.methods import Method, Methods

_MOST_FILTERS = 1_000
"""The oldest filter goes when there would be more."""


class Filters:
    def __init__(self, methods: Methods) -> None:
        self._methods = methods
        self._ledger = methods.ledger
        self._last_id = 0
        self._next_block: dict[str, int] = {}
        """By filter id: the first block not reported yet. A filter of blocks is here only."""
        self._logs: dict[str, params.LogFilter] = {}

    def table(self) -> Mapping[str, Method]:
        return {
            "eth_newFilter": Method(self.new_log_filter, 1, 1),
            "eth_newBlockFilter": Method(lambda: self._new(self._ledger.head.block_number + 1)),
            "eth_getFilterChanges": Method(self.changes, 1, 1),
            "eth_getFilterLogs": Method(self.logs, 1, 1),
            "eth_uninstallFilter": Method(self.uninstall, 1, 1),
        }

    def new_log_filter(self, value: Any) -> str:
        wanted = params.log_filter(value)
        first = self._ledger.head.block_number + 1 if wanted.first == "latest" else self._methods.log_range(wanted)[0]
        number = self._new(first)
        self._logs[number] = wanted
        return number

    def changes(self, value: Any) -> list[Any]:
        number = self._known(value)
        head = self._ledger.head.block_number
        first = min(self._next_block[number], head + 1)  # evm_revert may have shortened the chain
        self._next_block[number] = head + 1
        if number in self._logs:
            wanted = self._logs[number]
            last = min(head, wanted.last) if isinstance(wanted.last, int) else head
            return self._find(first, last, wanted)
        headers = map(self._ledger.header_at, range(first, head + 1))
        return [formats.data(header.hash) for header in headers if header is not None]

    def logs(self, value: Any) -> list[Any]:
        number = self._known(value)
        if number not in self._logs:
            raise server_error("filter not found")
        wanted = self._logs[number]
        return self._find(*self._methods.log_range(wanted), wanted)

    def uninstall(self, value: Any) -> bool:
        number = formats.number(params.quantity(value))
        self._logs.pop(number, None)
        return self._next_block.pop(number, None) is not None

    def _find(self, first: int, last: int, wanted: params.LogFilter) -> list[Any]:
        rows = self._ledger.store.find_logs(first, last, wanted.addresses, wanted.topics)
        return [formats.log(row) for row in rows]

    def _new(self, first: int) -> str:
        while len(self._next_block) >= _MOST_FILTERS:
            self.uninstall(next(iter(self._next_block)))
        self._last_id += 1
        number = formats.number(self._last_id)
        self._next_block[number] = first
        return number

    def _known(self, value: Any) -> str:
        number = formats.number(params.quantity(value))
        if number not in self._next_block:
            raise server_error("filter not found")
        return number
