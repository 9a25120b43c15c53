"""Signed transactions as they arrive: decoding, and the rules they must meet before they may wait or be mined."""

from eth.abc import BlockHeaderAPI, SignedTransactionAPI, StateAPI
from eth.exceptions import PyEVMError
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.exceptions import BadSignature
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException

from app.standins.chain.errors import invalid_params, rejected, server_error
from app.standins.chain.execution import check_initcode, least_gas
from app.standins.chain.fork import base_fee

BLOB, SET_CODE = 3, 4


def decode(raw: bytes) -> SignedTransactionAPI:
    """Legacy, EIP-2930, EIP-1559 and EIP-7702 transactions with a valid signature; others raise RpcError."""
    if not raw:
        raise invalid_params("Empty transaction data")
    if raw[0] == BLOB:
        raise server_error("blob transactions are not supported by this chain")
    try:
        transaction = PragueTransactionBuilder.decode(raw)
        transaction.check_signature_validity()
        _ = transaction.sender
    except (RLPException, PyEVMError, ValidationError, BadSignature, ValueError, TypeError, IndexError) as error:
        raise invalid_params("Failed to decode transaction") from error
    return transaction


def check_admissible(transaction: SignedTransactionAPI, chain_id: int, nonce: int, header: BlockHeaderAPI) -> None:
    """Raise RpcError for what can never enter block `header`; `nonce` is the sender's next one."""
    if transaction.chain_id not in (None, chain_id):
        raise rejected("invalid chain id for signer")
    if transaction.nonce < nonce:
        raise rejected("nonce too low")
    if transaction.gas > header.gas_limit:
        raise server_error("intrinsic gas too high -- tx.gas_limit > env.block.gas_limit")
    check_initcode(transaction.to, transaction.data)
    if transaction.gas < least_gas(transaction.data, transaction.intrinsic_gas):
        raise server_error("intrinsic gas too low")
    if transaction.max_priority_fee_per_gas > transaction.max_fee_per_gas:
        raise rejected("max priority fee per gas higher than max fee per gas")


def check_payable(transaction: SignedTransactionAPI, state: StateAPI, header: BlockHeaderAPI) -> None:
    """Raise RpcError when the fees are below the block's base fee or the sender can't pay."""
    if transaction.max_fee_per_gas < base_fee(header):
        raise rejected("max fee per gas less than block base fee")
    cost = transaction.gas * transaction.max_fee_per_gas + transaction.value
    if state.get_balance(transaction.sender) < cost:
        raise rejected("Insufficient funds for gas * price + value")


def check_replacement(new: SignedTransactionAPI, old: SignedTransactionAPI) -> None:
    """A waiting transaction gives way only to one that offers 10 % more in both fees."""
    if new.hash == old.hash:
        raise rejected("transaction already imported")
    enough = (
        new.max_fee_per_gas * 10 >= old.max_fee_per_gas * 11
        and new.max_priority_fee_per_gas * 10 >= old.max_priority_fee_per_gas * 11
    )
    if not enough:
        raise rejected("replacement transaction underpriced")
