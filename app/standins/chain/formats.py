"""Blocks, transactions, receipts and logs as JSON, in the shape of the execution-apis specification."""

from typing import Any

import rlp
from eth.abc import BlockAPI, SignedTransactionAPI
from eth_utils.address import to_checksum_address

from app.standins.chain.fork import base_fee
from app.standins.chain.ledger import Mined
from app.standins.chain.store import LogRow
from app.standins.chain.transactions import SET_CODE

_CREATE = b""


def number(value: int) -> str:
    return hex(value)


def data(value: bytes) -> str:
    return "0x" + value.hex()


def word(value: int) -> str:
    return f"0x{value:064x}"


def block(body: BlockAPI, transactions: list[str] | list[dict[str, Any]]) -> dict[str, Any]:
    header: Any = body.header  # py-evm's interface knows the fields of older forks only
    return {
        "number": number(header.block_number),
        "hash": data(header.hash),
        "parentHash": data(header.parent_hash),
        "sha3Uncles": data(header.uncles_hash),
        "miner": data(header.coinbase),
        "stateRoot": data(header.state_root),
        "transactionsRoot": data(header.transaction_root),
        "receiptsRoot": data(header.receipt_root),
        "logsBloom": f"0x{header.bloom:0512x}",
        "difficulty": number(header.difficulty),
        "gasLimit": number(header.gas_limit),
        "gasUsed": number(header.gas_used),
        "timestamp": number(header.timestamp),
        "extraData": data(header.extra_data),
        "mixHash": data(header.mix_hash),
        "nonce": data(header.nonce),
        "baseFeePerGas": number(header.base_fee_per_gas),
        "withdrawalsRoot": data(header.withdrawals_root),
        "blobGasUsed": number(header.blob_gas_used),
        "excessBlobGas": number(header.excess_blob_gas),
        "parentBeaconBlockRoot": data(header.parent_beacon_block_root),
        "requestsHash": data(header.requests_hash),
        "size": number(len(rlp.encode(body))),
        "uncles": [],
        "transactions": transactions,
        "withdrawals": [],
    }


def mined_transaction(mined: Mined) -> dict[str, Any]:
    header = mined.header
    place = {
        "blockHash": data(header.hash),
        "blockNumber": number(header.block_number),
        "transactionIndex": number(mined.position),
        "blockTimestamp": number(header.timestamp),
    }
    return _transaction(mined.transaction, base_fee(header)) | place


def waiting_transaction(transaction: SignedTransactionAPI, fee: int) -> dict[str, Any]:
    place = {"blockHash": None, "blockNumber": None, "transactionIndex": None}
    return _transaction(transaction, fee) | place


def _transaction(transaction: SignedTransactionAPI, fee: int) -> dict[str, Any]:
    kind = transaction.type_id or 0
    fields: dict[str, Any] = {
        "type": number(kind),
        "hash": data(transaction.hash),
        "from": data(transaction.sender),
        "to": None if transaction.to == _CREATE else data(transaction.to),
        "nonce": number(transaction.nonce),
        "gas": number(transaction.gas),
        "gasPrice": number(effective_gas_price(transaction, fee)),
        "value": number(transaction.value),
        "input": data(transaction.data),
        "r": number(transaction.r),
        "s": number(transaction.s),
    }
    if kind == 0:
        chain = {} if transaction.chain_id is None else {"chainId": number(transaction.chain_id)}
        return fields | chain | {"v": number(transaction.v)}  # type: ignore[attr-defined]  # only legacy ones have it
    fields |= {
        "chainId": number(transaction.chain_id or 0),
        "yParity": number(transaction.y_parity),
        "v": number(transaction.y_parity),
        "accessList": [
            {"address": data(address), "storageKeys": [word(slot) for slot in slots]}
            for address, slots in transaction.access_list
        ],
    }
    if kind >= 2:
        fields["maxFeePerGas"] = number(transaction.max_fee_per_gas)
        fields["maxPriorityFeePerGas"] = number(transaction.max_priority_fee_per_gas)
    if kind == SET_CODE:
        fields["authorizationList"] = [
            {
                "chainId": number(item.chain_id),
                "address": data(item.address),
                "nonce": number(item.nonce),
                "yParity": number(item.y_parity),
                "r": number(item.r),
                "s": number(item.s),
            }
            for item in transaction.authorization_list
        ]
    return fields


def effective_gas_price(transaction: SignedTransactionAPI, fee: int) -> int:
    """Wei per gas really paid (EIP-1559) when `fee` is the block's base fee."""
    return min(transaction.max_fee_per_gas, fee + transaction.max_priority_fee_per_gas)


def receipt(mined: Mined, contract: bytes | None) -> dict[str, Any]:
    transaction, header = mined.transaction, mined.header
    return {
        "type": number(transaction.type_id or 0),
        "status": "0x1" if mined.receipt.state_root == b"\x01" else "0x0",
        "transactionHash": data(transaction.hash),
        "transactionIndex": number(mined.position),
        "blockHash": data(header.hash),
        "blockNumber": number(header.block_number),
        "from": data(transaction.sender),
        "to": None if transaction.to == _CREATE else data(transaction.to),
        "contractAddress": None if contract is None else data(contract),
        "gasUsed": number(mined.gas_used),
        "cumulativeGasUsed": number(mined.receipt.gas_used),
        "effectiveGasPrice": number(effective_gas_price(transaction, base_fee(header))),
        "logsBloom": f"0x{mined.receipt.bloom:0512x}",
        "logs": [log(row) for row in mined.logs],
    }


def log(row: LogRow) -> dict[str, Any]:
    return {
        "address": data(row.address),
        "topics": [data(topic) for topic in row.topics],
        "data": data(row.data),
        "blockHash": data(row.block_hash),
        "blockNumber": number(row.block),
        "blockTimestamp": number(row.block_time),
        "transactionHash": data(row.tx_hash),
        "transactionIndex": number(row.tx_position),
        "logIndex": number(row.position),
        "removed": False,
    }


def account(value: bytes) -> str:
    return to_checksum_address(value)
