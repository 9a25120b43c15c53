"""State of the in-memory chain, and what a transaction does to it. Pure: the old state stays as it was."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from app.adapters.chain_abi import Revert, UndecodableCall, agent_abi
from app.adapters.chain_model import AgentModel
from app.adapters.chain_model_roles import Caller, Refused
from app.adapters.chain_transaction import ReadTransaction, created_address
from app.ports import Address, Call, Hash32, Receipt, UnsignedTransaction

Move = tuple[Address, Address, int]
"""A Transfer event: from, to, token id."""
Update = tuple[int, int]
"""An ERC-4906 event: first and last id."""

# Gas of the real contract, measured and rounded up: an estimate of the right order, the same for every run.
_GAS_TRANSACTION = 21_000
_GAS_DEPLOYMENT = 3_300_000
_GAS_CALL = 35_000
_GAS_MOVE = 51_000
_GAS_RANGE = 1_700
_GAS_ZERO_BYTE, _GAS_BYTE = 4, 16


@dataclass(frozen=True)
class World:
    """All state after a block. The mappings are shared between blocks and never changed in place."""

    nonces: Mapping[Address, int] = field(default_factory=dict)
    balances: Mapping[Address, int] = field(default_factory=dict)
    contracts: Mapping[Address, AgentModel] = field(default_factory=dict)

    def nonce(self, account: Address) -> int:
        return self.nonces.get(account, 0)

    def balance(self, account: Address) -> int:
        return self.balances.get(account, 0)

    def paid(self, sender: Address, receiver: Address, wei: int) -> "World":
        """The world after moving `wei`."""
        balances = {**self.balances, sender: self.balance(sender) - wei}
        balances[receiver] = balances.get(receiver, 0) + wei
        return World(self.nonces, balances, self.contracts)

    def charged(self, sender: Address, wei: int) -> "World":
        """The world after `sender` paid a fee and used a nonce."""
        nonces = {**self.nonces, sender: self.nonce(sender) + 1}
        return World(nonces, {**self.balances, sender: self.balance(sender) - wei}, self.contracts)


@dataclass(frozen=True)
class Place:
    """The block that a call runs in."""

    number: int
    time: int
    """Unix seconds."""
    hash_of: Callable[[int], Hash32 | None]
    """Hash of a block before it; None when the chain does not know it any more."""


@dataclass(frozen=True)
class Outcome:
    """What a call did: the world after it, the gas it took, its events, and the contract it made."""

    world: World
    gas: int
    moves: tuple[Move, ...] = ()
    updates: tuple[Update, ...] = ()
    contract: Address | None = None


class CallReverted(Exception):
    """The call would be undone; `revert` says why, `gas` what trying costs."""

    def __init__(self, revert: Revert, gas: int) -> None:
        super().__init__(str(revert))
        self.revert = revert
        self.gas = gas


def cost(transaction: UnsignedTransaction) -> int:
    """Wei that the sender must own: the whole gas limit at the highest fee, and the value."""
    return transaction.gas * transaction.fees.max_fee + transaction.call.value


def run(world: World, sender: Address, nonce: int, call: Call, place: Place) -> Outcome:
    """Run a call by `sender`. Raises CallReverted."""
    gas = _GAS_TRANSACTION + sum(_GAS_BYTE if byte else _GAS_ZERO_BYTE for byte in call.data)
    caller = Caller(sender, place.time, world.contracts.keys(), place.number, place.hash_of)
    try:
        if call.to is None:
            return _create(world, caller, created_address(sender, nonce), call, gas + _GAS_DEPLOYMENT)
        if call.to in world.contracts:
            return _call(world, caller, world.contracts[call.to], call, gas + _GAS_CALL)
    except Refused as refused:
        raise CallReverted(Revert(refused.reason, refused.arguments), gas + _GAS_CALL) from refused
    except UndecodableCall as error:
        # There is no fallback function, and Solidity refuses malformed arguments without a reason.
        raise CallReverted(Revert(), gas) from error
    return Outcome(world.paid(sender, call.to, call.value), gas)


def _create(world: World, caller: Caller, address: Address, call: Call, gas: int) -> Outcome:
    (setup,) = agent_abi().read_creation(call.data)
    _refuse_value(call)
    model = AgentModel.deployed(address, setup)
    return Outcome(World(world.nonces, world.balances, {**world.contracts, address: model}), gas, contract=address)


def _call(world: World, caller: Caller, model: AgentModel, call: Call, gas: int) -> Outcome:
    function, arguments = agent_abi().read_call(call.data)
    _refuse_value(call)
    after = model.copy()
    after.run(caller, function, arguments)
    contracts = {**world.contracts, model.address: after}
    gas += _GAS_MOVE * len(after.moves) + _GAS_RANGE * len(after.updates)
    return Outcome(World(world.nonces, world.balances, contracts), gas, tuple(after.moves), tuple(after.updates))


def _refuse_value(call: Call) -> None:
    if call.value:
        raise Refused("")  # no function is payable


def apply(world: World, read: ReadTransaction, base_fee: int, place: Place) -> tuple[Outcome, Receipt]:
    """Include a transaction in a block: what it did, its fee paid. The receipt's block hash is not known yet and left
    empty."""
    transaction = read.transaction
    try:
        outcome = run(world, read.sender, transaction.nonce, transaction.call, place)
        if outcome.gas > transaction.gas:
            raise CallReverted(Revert("out of gas"), transaction.gas)
        succeeded = True
    except CallReverted as reverted:
        outcome, succeeded = Outcome(world, min(reverted.gas, transaction.gas)), False
    price = min(transaction.fees.max_fee, base_fee + transaction.fees.max_priority_fee)
    after = outcome.world.charged(read.sender, outcome.gas * price)
    receipt = Receipt(read.hash, succeeded, place.number, Hash32(""), outcome.gas, outcome.contract)
    return replace(outcome, world=after), receipt
