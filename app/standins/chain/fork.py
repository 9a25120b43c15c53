"""Which rules the chain follows: the Prague fork, the newest that py-evm has. Compile contracts for `prague` or older.

Genesis funds the ten accounts of the mnemonic that Foundry and Hardhat publish, so that every tool knows them.
Everybody knows their keys: never send anything of value to them on a public chain.
"""

from collections.abc import Sequence
from typing import Any

from eth.abc import BlockHeaderAPI, SignedTransactionAPI, TransactionContextAPI
from eth.chains.base import Chain
from eth.db.atomic import AtomicDB
from eth.vm.chain_context import ChainContext
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.state import PragueState
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from app.standins.chain.store import Store

DEV_MNEMONIC = "test test test test test test test test test test test junk"
"""Published and worthless. Keys lie at m/44'/60'/0'/0/0 … /9."""

DEV_ACCOUNTS = (
    "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
    "0x976EA74026E726554dB657fA54763abd0C3a0aa9",
    "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955",
    "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f",
    "0xa0Ee7A142d267C1f36714E4a8F75612F20a79720",
)
DEV_BALANCE = 10_000 * 10**18
"""Wei given to each dev account at genesis."""

GAS_LIMIT = 30_000_000
"""Gas of every block, and so the most one transaction may use."""


class CallState(PragueState):
    """State for eth_call and eth_estimateGas: gas costs nothing (GASPRICE is 0), BASEFEE stays that of the block."""

    def validate_transaction(self, transaction: SignedTransactionAPI) -> None:
        if self.get_balance(transaction.sender) < transaction.value:
            raise ValidationError("Insufficient funds for gas * price + value")

    def get_gas_price(self, transaction: SignedTransactionAPI) -> int:
        return 0

    def get_tip(self, transaction: SignedTransactionAPI) -> int:
        return 0

    def get_transaction_context(self, transaction: SignedTransactionAPI) -> TransactionContextAPI:
        return self.get_transaction_context_class()(gas_price=0, origin=transaction.sender)


class CallVM(PragueVM):
    """Executes calls on top of a block without changing it."""

    _state_class = CallState


def open_chain(store: Store, chain_id: int, accounts: Sequence[bytes], timestamp: int) -> Chain:
    """py-evm's chain on `store`; writes the genesis block into an empty one."""
    chain_class: Any = Chain.configure("EmbeddedChain", vm_configuration=((0, PragueVM),), chain_id=chain_id)
    database = AtomicDB(store)
    if store.setting("chain_id") is None:
        account = {"balance": DEV_BALANCE, "nonce": 0, "code": b"", "storage": {}}
        parameters = {"difficulty": 0, "gas_limit": GAS_LIMIT, "timestamp": timestamp}
        with store.transaction():
            chain_class.from_genesis(database, parameters, {Address(address): account for address in accounts})
            store.set_setting("chain_id", chain_id)
    chain: Chain = chain_class(database)
    return chain


def call_vm(chain: Chain, header: BlockHeaderAPI) -> CallVM:
    """A VM that executes calls in the context and on the state of block `header`."""
    return CallVM(header, chain.chaindb, ChainContext(chain.chain_id), chain.consensus_context)


def base_fee(header: BlockHeaderAPI) -> int:
    """Wei per gas. py-evm types it as optional, for the forks before London."""
    assert header.base_fee_per_gas is not None
    return header.base_fee_per_gas
