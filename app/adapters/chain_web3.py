"""A real chain over JSON-RPC (ports ChainReader and ChainWriter): one node, asked by web3's HTTP provider."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from eth_abi.exceptions import DecodingError
from eth_utils.address import to_checksum_address

from app.adapters.chain_abi import TRANSFER_TOPIC, ZERO_ADDRESS, agent_abi
from app.adapters.chain_rpc import NodeRefused, Refusal, Rpc
from app.adapters.chain_transaction import chain_id_of, transaction_hash
from app.errors import ChainRefused, ChainUnavailable, WrongChain
from app.ports import Address, Block, BlockTag, Call, CollectionState, Fees, Hash32, Receipt, Transfer

FALLBACK_FINALITY_DEPTH = 128
"""Blocks behind the head that count as final where a node has no `finalized` tag and nobody set a depth."""

_STATE = (
    *("name", "symbol", "origin", "supply", "head", "totalSupply", "owner"),
    *("packHash", "seedHash", "revealBlock", "capturedHash"),
)


class Web3Chain:
    """One chain behind one RPC URL.

    timeout: seconds per answer. finality_depth: blocks behind the head that count as final on this chain, in place of
    the node's `finalized` tag; None follows the tag."""

    def __init__(self, rpc_url: str, *, timeout: float, finality_depth: int | None = None) -> None:
        self._rpc = Rpc(rpc_url, timeout=timeout)
        self._finality_depth = finality_depth
        self._chain_id: int | None = None

    def __repr__(self) -> str:
        return f"Web3Chain(chain_id={self._chain_id})"  # the URL may hold a key

    # --- ChainReader -------------------------------------------------------------------------------------------------

    def chain_id(self) -> int:
        if self._chain_id is None:
            with _meaning():
                self._chain_id = int(self._rpc.read("eth_chainId"), 16)
        return self._chain_id

    def block(self, tag: BlockTag | Hash32) -> Block | None:
        with _meaning():
            return self._finalized() if tag == "finalized" else self._block(tag)

    def transfers(self, contract: Address, first: int, last: int) -> Sequence[Transfer]:
        if first > last:
            return []
        wanted = {"address": contract, "topics": ["0x" + TRANSFER_TOPIC.hex()]}
        try:
            with _meaning(keep=Refusal.RANGE_TOO_WIDE):
                logs = self._rpc.read("eth_getLogs", {**wanted, "fromBlock": hex(first), "toBlock": hex(last)})
                return _transfers(logs)
        except NodeRefused as refused:
            if first == last:
                raise refused.error() from refused
            # Nodes bound range and result size, each differently: ask for halves.
            middle = (first + last) // 2
            return [*self.transfers(contract, first, middle), *self.transfers(contract, middle + 1, last)]

    def transfers_in(self, contract: Address, block_hash: Hash32) -> Sequence[Transfer]:
        wanted = {"address": contract, "topics": ["0x" + TRANSFER_TOPIC.hex()], "blockHash": block_hash}
        with _meaning():
            found = _transfers(self._rpc.read("eth_getLogs", wanted))
            # Some nodes answer with no logs for a block they do not know.
            if not found and self._block(block_hash) is None:
                raise ChainRefused("The node does not know this block.", hint="It may have been reorganised away.")
        return found

    def collection(self, contract: Address, tag: BlockTag = "latest") -> CollectionState:
        block = self.block(tag)
        if block is None:
            raise ChainRefused("The node does not know this block.")
        calls = [_eth_call(contract, name, (), {"blockHash": block.hash}) for name in _STATE]
        try:
            with _meaning(keep=Refusal.REVERTED):
                answers = [_bytes(answer) for answer in self._rpc.read_all(calls)]
            decoded = [agent_abi().read_result(name, data) for name, data in zip(_STATE, answers, strict=True)]
        except (NodeRefused, DecodingError, ValueError, OverflowError) as error:
            raise ChainRefused(f"There is no AgentNFT at {contract}.", hint="Check address and chain.") from error
        (name,), (symbol,), (origin,), (supply,), (number, _, covered), (minted,), (owner,), *seed = decoded
        (pack_hash,), (seed_hash,), (reveal_block,), (captured,) = seed
        return CollectionState(
            name=name,
            symbol=symbol,
            origin=origin,
            supply=supply,
            covered=covered,
            commit=number,
            minted=minted,
            owner=_address(owner),
            pack_hash=Hash32("0x" + pack_hash.hex()),
            seed_hash=_set(seed_hash),
            reveal_block=reveal_block or None,
            captured=_set(captured),
            block=block,
        )

    def owner_of(self, contract: Address, token_id: int, tag: BlockTag = "latest") -> Address | None:
        try:
            with _meaning(keep=Refusal.REVERTED):
                method, params = _eth_call(contract, "ownerOf", (token_id,), self._place(tag))
                data = _bytes(self._rpc.read(method, *params))
        except NodeRefused:
            return None  # ERC-721: queries about a token that does not exist throw
        if len(data) != 32:
            raise ChainRefused(f"There is no ERC-721 contract at {contract}.", hint="Check address and chain.")
        owner = _address("0x" + data[12:].hex())
        return None if owner == ZERO_ADDRESS else owner

    def receipt(self, transaction: Hash32) -> Receipt | None:
        with _meaning():
            found = self._rpc.read("eth_getTransactionReceipt", transaction)
            if found is None or found.get("blockNumber") is None:
                return None
            made = found.get("contractAddress")
            return Receipt(
                transaction_hash=_hash(found["transactionHash"]),
                succeeded=int(found["status"], 16) == 1,
                block_number=int(found["blockNumber"], 16),
                block_hash=_hash(found["blockHash"]),
                gas_used=int(found["gasUsed"], 16),
                contract=_address(made) if made else None,
            )

    def nonce(self, account: Address, pending: bool = False) -> int:
        with _meaning():
            return int(self._rpc.read("eth_getTransactionCount", account, "pending" if pending else "latest"), 16)

    def balance(self, account: Address) -> int:
        with _meaning():
            return int(self._rpc.read("eth_getBalance", account, "latest"), 16)

    def fees(self) -> Fees:
        with _meaning():
            latest = self._rpc.read("eth_getBlockByNumber", "latest", False)
            base = int(latest.get("baseFeePerGas") or "0x0", 16)
            try:
                tip = int(self._rpc.read("eth_maxPriorityFeePerGas"), 16)
            except NodeRefused:
                # Not in every node; the old gas price is base fee and tip together.
                tip = max(0, int(self._rpc.read("eth_gasPrice"), 16) - base)
            return Fees(max_fee=2 * base + tip, max_priority_fee=tip)

    def simulate(self, sender: Address, call: Call) -> int:
        request = {"from": sender, "data": "0x" + call.data.hex(), "value": hex(call.value)}
        if call.to is not None:
            request["to"] = call.to
        with _meaning():
            return int(self._rpc.read("eth_estimateGas", request, "latest"), 16)

    # --- ChainWriter -------------------------------------------------------------------------------------------------

    def broadcast(self, raw: bytes) -> Hash32:
        own = transaction_hash(raw)
        if (meant := chain_id_of(raw)) != self.chain_id():
            raise WrongChain(f"The transaction is for chain {meant}, the node serves {self.chain_id()}.")
        try:
            with _meaning(keep=(Refusal.ALREADY_KNOWN, Refusal.NONCE_TOO_LOW)):
                self._rpc.send("eth_sendRawTransaction", "0x" + raw.hex())
        except NodeRefused as refused:
            # A nonce is also "too low" when this very transaction has used it.
            if refused.refusal is Refusal.NONCE_TOO_LOW and not self._knows(own):
                raise refused.error() from refused
        return own

    def _knows(self, transaction: Hash32) -> bool:
        with _meaning():
            return self._rpc.read("eth_getTransactionByHash", transaction) is not None

    # --- blocks ------------------------------------------------------------------------------------------------------

    def _block(self, tag: int | str) -> Block | None:
        by_hash = isinstance(tag, str) and tag.startswith("0x")
        method = "eth_getBlockByHash" if by_hash else "eth_getBlockByNumber"
        try:
            found = self._rpc.read(method, hex(tag) if isinstance(tag, int) else tag, False)
        except NodeRefused as refused:
            if refused.refusal is Refusal.UNKNOWN_BLOCK:
                return None
            raise
        if found is None:
            return None
        return Block(
            number=int(found["number"], 16),
            hash=_hash(found["hash"]),
            parent_hash=_hash(found["parentHash"]),
            timestamp=int(found["timestamp"], 16),
        )

    def _finalized(self) -> Block | None:
        if self._finality_depth is None:
            try:
                if found := self._block("finalized"):
                    return found
            except NodeRefused as refused:
                if refused.refusal is Refusal.BUSY:
                    raise
        depth = FALLBACK_FINALITY_DEPTH if self._finality_depth is None else self._finality_depth
        latest = int(self._rpc.read("eth_blockNumber"), 16)
        return self._block(max(0, latest - depth))

    def _place(self, tag: BlockTag) -> Any:
        """The block parameter of eth_call (EIP-1898 names a block by hash, so a reorg can not swap it)."""
        if tag != "finalized":
            return hex(tag) if isinstance(tag, int) else tag
        block = self._finalized()
        if block is None:
            raise ChainRefused("The node does not know its finalized block.")
        return {"blockHash": block.hash}


@contextmanager
def _meaning(keep: Refusal | Sequence[Refusal] = ()) -> Iterator[None]:
    """Node errors become ours, except kinds the caller deals with; an answer of another shape is no answer."""
    kept = (keep,) if isinstance(keep, Refusal) else keep
    try:
        yield
    except NodeRefused as refused:
        if refused.refusal in kept:
            raise
        raise refused.error() from refused
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ChainUnavailable("The node's answer has an unexpected shape.") from error


def _eth_call(contract: Address, function: str, arguments: Sequence[Any], place: Any) -> tuple[str, list[Any]]:
    data = agent_abi().call(function, arguments)
    return "eth_call", [{"to": contract, "data": "0x" + data.hex()}, place]


def _transfers(logs: Any) -> list[Transfer]:
    found = [_transfer(log) for log in logs if len(log["topics"]) == 4 and not log.get("removed")]
    return sorted(found, key=_chain_order)


def _chain_order(transfer: Transfer) -> tuple[int, int]:
    return transfer.block_number, transfer.log_index


def _transfer(log: dict[str, Any]) -> Transfer:
    _, sender, receiver, token = (_bytes(topic) for topic in log["topics"])
    return Transfer(
        token_id=int.from_bytes(token, "big"),
        sender=_address("0x" + sender[12:].hex()),
        receiver=_address("0x" + receiver[12:].hex()),
        block_number=int(log["blockNumber"], 16),
        block_hash=_hash(log["blockHash"]),
        transaction_hash=_hash(log["transactionHash"]),
        log_index=int(log["logIndex"], 16),
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _hash(text: str) -> Hash32:
    if len(_bytes(text)) != 32:
        raise ValueError("not a 32-byte hash")
    return Hash32(text.lower())


def _set(word: bytes) -> Hash32 | None:
    """A hash in storage, or None for one that was never set."""
    return Hash32("0x" + word.hex()) if any(word) else None


def _address(text: str) -> Address:
    return Address(to_checksum_address(text))
