"""Reads JSON-RPC parameters. Anything that does not fit raises RpcError -32602."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.standins.chain.errors import invalid_params
from app.standins.chain.execution import Call, Override

Tag = Literal["latest", "earliest", "pending", "safe", "finalized"]
BlockRef = int | Tag | bytes
"""A height, a tag, or a 32-byte hash (EIP-1898)."""

_TAGS: tuple[Tag, ...] = ("latest", "earliest", "pending", "safe", "finalized")
_HEX = re.compile(r"0x[0-9a-fA-F]*", re.ASCII)
_MOST_ALTERNATIVES = 1_000
"""Addresses or values per topic in one filter."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """`block_hash` names one block; otherwise first..last. Empty lists mean any."""

    first: BlockRef
    last: BlockRef
    block_hash: bytes | None
    addresses: tuple[bytes, ...]
    topics: tuple[tuple[bytes, ...], ...]


def quantity(value: Any) -> int:
    """A hex quantity; plain JSON numbers are taken too, as anvil does."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**256:
        return value
    if isinstance(value, str) and _HEX.fullmatch(value) and 2 < len(value) <= 66:
        return int(value, 16)
    raise invalid_params(f"invalid quantity: {_show(value)}, expected a hex string such as 0x1f")


def data(value: Any, length: int | None = None) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value) or len(value) % 2:
        raise invalid_params(f"invalid value: {_show(value)}, expected a valid hex string")
    if length is not None and len(value) != 2 + 2 * length:
        raise invalid_params("invalid string length")
    return bytes.fromhex(value[2:])


def address(value: Any) -> bytes:
    return data(value, 20)


def hash32(value: Any) -> bytes:
    return data(value, 32)


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise invalid_params(f"invalid type: {_show(value)}, expected a boolean")
    return value


def block_ref(value: Any) -> BlockRef:
    if value is None:
        return "latest"
    if isinstance(value, Mapping):
        if ("blockHash" in value) == ("blockNumber" in value):
            raise invalid_params("expected either blockHash or blockNumber (EIP-1898)")
        return hash32(value["blockHash"]) if "blockHash" in value else quantity(value["blockNumber"])
    for tag in _TAGS:
        if value == tag:
            return tag
    if isinstance(value, str) and len(value) == 66:
        return hash32(value)
    return quantity(value)


def call(value: Any, overrides: Any = None) -> Call:
    """A transaction object. Fee fields and nonce are accepted and have no effect: calls cost nothing."""
    fields = _mapping(value)
    payload, old_name = fields.get("input"), fields.get("data")
    to = fields.get("to")
    gas = fields.get("gas")
    return Call(
        sender=address(fields.get("from") or "0x" + "00" * 20),
        to=b"" if to is None else address(to),
        data=data(payload if payload is not None else old_name if old_name is not None else "0x"),
        value=quantity(fields.get("value") or 0),
        gas=None if gas is None else quantity(gas),
        access_list=_access_list(fields.get("accessList") or []),
        overrides={address(key): _override(item) for key, item in _mapping(overrides or {}).items()},
    )


def log_filter(value: Any) -> LogFilter:
    fields = _mapping(value)
    block_hash = fields.get("blockHash")
    first, last = fields.get("fromBlock"), fields.get("toBlock")
    if block_hash is not None and (first is not None or last is not None):
        raise invalid_params("cannot specify both blockHash and fromBlock/toBlock, choose one or the other")
    topics = fields.get("topics") or []
    if not isinstance(topics, Sequence) or isinstance(topics, str):
        raise invalid_params("invalid topics: expected a list")
    if len(topics) > 4:
        raise invalid_params("exceeded maximum topics len")
    return LogFilter(
        first=block_ref(first),
        last=block_ref(last),
        block_hash=None if block_hash is None else hash32(block_hash),
        addresses=_one_or_more(fields.get("address"), 20),
        topics=tuple(_one_or_more(topic, 32) for topic in topics),
    )


def _one_or_more(value: Any, length: int) -> tuple[bytes, ...]:
    if value is None:
        return ()
    values = value if isinstance(value, list) else [value]
    if len(values) > _MOST_ALTERNATIVES:
        raise invalid_params(f"more than {_MOST_ALTERNATIVES} alternatives in a filter")
    if any(item is None for item in values):
        return ()  # null among the alternatives means any
    return tuple(data(item, length) for item in values)


def _access_list(value: Any) -> tuple[tuple[bytes, tuple[int, ...]], ...]:
    if not isinstance(value, list):
        raise invalid_params("invalid accessList: expected a list")
    entries = [_mapping(item) for item in value]
    return tuple(
        (address(entry.get("address")), tuple(quantity(key) for key in entry.get("storageKeys") or []))
        for entry in entries
    )


def _override(value: Any) -> Override:
    fields = _mapping(value)
    unknown = fields.keys() - {"balance", "nonce", "code", "state", "stateDiff"}
    if unknown:
        raise invalid_params(f"unknown state override: {sorted(unknown)[0]}")
    return Override(
        balance=None if fields.get("balance") is None else quantity(fields["balance"]),
        nonce=None if fields.get("nonce") is None else quantity(fields["nonce"]),
        code=None if fields.get("code") is None else data(fields["code"]),
        storage=None if fields.get("state") is None else _slots(fields["state"]),
        storage_changes=_slots(fields.get("stateDiff") or {}),
    )


def _slots(value: Any) -> dict[int, int]:
    return {quantity(slot): quantity(item) for slot, item in _mapping(value).items()}


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise invalid_params(f"invalid type: {_show(value)}, expected an object")
    return value


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
