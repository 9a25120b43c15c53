"""The reading and sending methods of the Ethereum JSON-RPC API (ethereum/execution-apis)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import rlp
from eth.abc import BlockHeaderAPI
from eth_hash.auto import keccak
from eth_typing import Address

from app.standins.chain import execution, formats, params
from app.standins.chain.errors import invalid_params, not_found, server_error
from app.standins.chain.fork import base_fee
from app.standins.chain.ledger import Ledger, Mined

CLIENT = "dnft-chain/py-evm"
_GWEI = 10**9
_MOST_FEE_BLOCKS = 1_024


@dataclass(frozen=True, slots=True)
class Method:
    """A callable for `least` to `most` positional parameters; missing ones are not passed."""

    run: Callable[..., Any]
    least: int = 0
    most: int = 0


class Methods:
    """Everything but control of the chain (evm_*) and filters that live on the server."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def table(self) -> Mapping[str, Method]:
        constant = {
            "web3_clientVersion": CLIENT,
            "net_version": str(self.ledger.chain_id),
            "net_listening": True,
            "eth_chainId": formats.number(self.ledger.chain_id),
            "eth_syncing": False,
            "eth_accounts": [formats.account(account) for account in self.ledger.accounts],
            "eth_maxPriorityFeePerGas": formats.number(_GWEI),
            "eth_blobBaseFee": "0x1",
        }
        return {name: Method(lambda value=value: value) for name, value in constant.items()} | {
            "web3_sha3": Method(lambda value: formats.data(keccak(params.data(value))), 1, 1),
            "eth_blockNumber": Method(lambda: formats.number(self.ledger.head.block_number)),
            "eth_gasPrice": Method(lambda: formats.number(base_fee(self.ledger.pending()) + _GWEI)),
            "eth_feeHistory": Method(self.fee_history, 2, 3),
            "eth_getBlockByNumber": Method(self.block, 2, 2),
            "eth_getBlockByHash": Method(self.block_by_hash, 2, 2),
            "eth_getBlockTransactionCountByNumber": Method(self.transaction_count_of_block, 1, 1),
            "eth_getBlockTransactionCountByHash": Method(self.transaction_count_of_block, 1, 1),
            "eth_getBlockReceipts": Method(self.block_receipts, 1, 1),
            "eth_getTransactionByHash": Method(self.transaction, 1, 1),
            "eth_getTransactionByBlockNumberAndIndex": Method(self.transaction_in_block, 2, 2),
            "eth_getTransactionByBlockHashAndIndex": Method(self.transaction_in_block, 2, 2),
            "eth_getTransactionReceipt": Method(self.receipt, 1, 1),
            "eth_getLogs": Method(self.logs, 1, 1),
            "eth_getBalance": Method(self.balance, 1, 2),
            "eth_getCode": Method(self.code, 1, 2),
            "eth_getStorageAt": Method(self.storage, 2, 3),
            "eth_getTransactionCount": Method(self.transaction_count, 1, 2),
            "eth_call": Method(self.call, 1, 3),
            "eth_estimateGas": Method(self.estimate_gas, 1, 3),
            "eth_sendRawTransaction": Method(lambda raw: formats.data(self.ledger.send(params.data(raw))), 1, 1),
        }

    # --- which block ---

    def find_header(self, ref: params.BlockRef) -> BlockHeaderAPI | None:
        """The block meant, or None. `finalized` and `safe` are the latest block: nothing is ever reorganised here."""
        if isinstance(ref, bytes):
            return self.ledger.header_of(ref)
        if ref == "pending":
            return self.ledger.pending()
        if ref == "earliest":
            ref = 0
        return self.ledger.header_at(ref) if isinstance(ref, int) else self.ledger.head

    def header(self, value: Any) -> BlockHeaderAPI:
        """The block whose state is asked for."""
        return self._known(params.block_ref(value))

    def _known(self, ref: params.BlockRef) -> BlockHeaderAPI:
        header = self.find_header(ref)
        if header is not None:
            return header
        if isinstance(ref, bytes):
            raise not_found()
        raise self._out_of_range(ref)

    def _out_of_range(self, ref: Any) -> Exception:
        height = self.ledger.head.block_number
        return invalid_params(f"BlockOutOfRangeError: block height is {height} but requested was {ref}")

    # --- blocks and transactions ---

    def block(self, value: Any, full: Any) -> dict[str, Any] | None:
        whole = params.flag(full)
        header = self.find_header(params.block_ref(value))
        if header is None:
            return None
        mined = self.ledger.mined(header)
        return formats.block(
            self.ledger.block(header),
            [formats.mined_transaction(item) for item in mined]
            if whole
            else [formats.data(item.transaction.hash) for item in mined],
        )

    def block_by_hash(self, value: Any, full: Any) -> dict[str, Any] | None:
        params.hash32(value)
        return self.block(value, full)

    def transaction_count_of_block(self, value: Any) -> str | None:
        header = self.find_header(params.block_ref(value))
        return None if header is None else formats.number(len(self.ledger.mined(header)))

    def block_receipts(self, value: Any) -> list[dict[str, Any]] | None:
        header = self.find_header(params.block_ref(value))
        return None if header is None else [_receipt(item) for item in self.ledger.mined(header)]

    def transaction(self, value: Any) -> dict[str, Any] | None:
        tx_hash = params.hash32(value)
        mined = self.ledger.find(tx_hash)
        if mined is not None:
            return formats.mined_transaction(mined)
        waiting = self.ledger.waiting(tx_hash)
        if waiting is None:
            return None
        return formats.waiting_transaction(waiting, base_fee(self.ledger.pending()))

    def transaction_in_block(self, value: Any, index: Any) -> dict[str, Any] | None:
        header, position = self.find_header(params.block_ref(value)), params.quantity(index)
        mined = () if header is None else self.ledger.mined(header)
        return formats.mined_transaction(mined[position]) if position < len(mined) else None

    def receipt(self, value: Any) -> dict[str, Any] | None:
        mined = self.ledger.find(params.hash32(value))
        return None if mined is None else _receipt(mined)

    def logs(self, value: Any) -> list[dict[str, Any]]:
        wanted = params.log_filter(value)
        if wanted.block_hash is not None:
            header = self.ledger.header_of(wanted.block_hash)
            if header is None:
                raise server_error("unknown block")
            first = last = int(header.block_number)
        else:
            first, last = self.log_range(wanted)
        rows = self.ledger.store.find_logs(first, last, wanted.addresses, wanted.topics)
        return [formats.log(row) for row in rows]

    def log_range(self, wanted: params.LogFilter) -> tuple[int, int]:
        head = int(self.ledger.head.block_number)
        first, last = (self._height(ref, head) for ref in (wanted.first, wanted.last))
        if first > head:
            raise self._out_of_range(first)
        return first, min(last, head)

    def _height(self, ref: params.BlockRef, head: int) -> int:
        if isinstance(ref, int):
            return ref
        return head if ref == "pending" else int(self._known(ref).block_number)

    # --- state ---

    def balance(self, account: Any, block: Any = None) -> str:
        state = self.ledger.state(self.header(block))
        return formats.number(state.get_balance(Address(params.address(account))))

    def code(self, account: Any, block: Any = None) -> str:
        return formats.data(self.ledger.state(self.header(block)).get_code(Address(params.address(account))))

    def storage(self, account: Any, slot: Any, block: Any = None) -> str:
        state = self.ledger.state(self.header(block))
        return formats.word(state.get_storage(Address(params.address(account)), params.quantity(slot)))

    def transaction_count(self, account: Any, block: Any = None) -> str:
        address = params.address(account)
        if params.block_ref(block) == "pending":
            return formats.number(self.ledger.pending_nonce(address))
        return formats.number(self.ledger.state(self.header(block)).get_nonce(Address(address)))

    def call(self, request: Any, block: Any = None, overrides: Any = None) -> str:
        header = self.header(block)
        return formats.data(execution.call(self.ledger.chain, header, params.call(request, overrides)))

    def estimate_gas(self, request: Any, block: Any = None, overrides: Any = None) -> str:
        header = self.header(block)
        return formats.number(execution.estimate_gas(self.ledger.chain, header, params.call(request, overrides)))

    # --- fees ---

    def fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> dict[str, Any]:
        """Every block has one transaction at most, so all percentiles of a block's tips are the same."""
        last = self.header(newest).block_number
        wanted = min(params.quantity(count), _MOST_FEE_BLOCKS)
        if not isinstance(percentiles, list | None):
            raise invalid_params("invalid rewardPercentiles: expected a list")
        numbers = range(max(0, last - wanted + 1), last + 1)
        headers = [header for header in map(self.ledger.header_at, numbers) if header is not None]
        after = self.ledger.next_base_fee(headers[-1]) if headers else base_fee(self.ledger.pending())
        history = {
            "oldestBlock": formats.number(headers[0].block_number if headers else last),
            "baseFeePerGas": [formats.number(fee) for fee in (*map(base_fee, headers), after)],
            "gasUsedRatio": [header.gas_used / header.gas_limit for header in headers],
            "baseFeePerBlobGas": ["0x1"] * (len(headers) + 1),
            "blobGasUsedRatio": [0.0] * len(headers),
        }
        if percentiles:
            history["reward"] = [[formats.number(self._tip(header))] * len(percentiles) for header in headers]
        return history

    def _tip(self, header: BlockHeaderAPI) -> int:
        tips = [
            formats.effective_gas_price(item.transaction, base_fee(header)) - base_fee(header)
            for item in self.ledger.mined(header)
        ]
        return min(tips, default=0)


def _receipt(mined: Mined) -> dict[str, Any]:
    transaction = mined.transaction
    creator_and_nonce = rlp.encode([transaction.sender, transaction.nonce])
    return formats.receipt(mined, contract=keccak(creator_and_nonce)[12:] if transaction.to == b"" else None)
