"""eth_call and eth_estimateGas: run a call on the state of a block, keep nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from eth.abc import BlockHeaderAPI, ComputationAPI
from eth.chains.base import Chain
from eth.exceptions import OutOfGas, Revert
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth.vm.forks.shanghai.constants import MAX_INITCODE_SIZE
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address
from eth_utils.exceptions import ValidationError

from app.standins.chain.errors import RpcError, evm_error, rejected, reverted, server_error
from app.standins.chain.fork import CallState, call_vm

_TRANSFER_GAS = 21_000
_CALL_STIPEND = 2_300
_TOLERANCE = 0.015
"""An estimate may lie this share above the least gas that succeeds, as in geth: each probe is a whole execution."""


class _TooLittleGas(RpcError):
    """The call carries less gas than it costs before it does anything."""


@dataclass(frozen=True, slots=True)
class Override:
    """What to pretend of an account during a call. None leaves it as it is."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    storage: Mapping[int, int] | None = None
    """Replaces the whole storage."""
    storage_changes: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    sender: bytes
    to: bytes
    """Empty for a deployment."""
    data: bytes
    value: int
    gas: int | None
    access_list: tuple[tuple[bytes, tuple[int, ...]], ...] = ()
    overrides: Mapping[bytes, Override] = field(default_factory=dict)


def least_gas(data: bytes, intrinsic: int) -> int:
    """Gas a transaction must carry before it does anything: intrinsic cost, or the calldata floor of EIP-7623."""
    tokens = data.count(0) + 4 * (len(data) - data.count(0))
    return max(intrinsic, _TRANSFER_GAS + 10 * tokens)


def check_initcode(to: bytes, data: bytes) -> None:
    """Raise RpcError for a deployment beyond the limit of EIP-3860."""
    if to == b"" and len(data) > MAX_INITCODE_SIZE:
        raise server_error(f"max initcode size exceeded: code size {len(data)} limit {MAX_INITCODE_SIZE}")


def call(chain: Chain, header: BlockHeaderAPI, request: Call) -> bytes:
    """Output of the call; raises RpcError 3 with the revert data."""
    gas = header.gas_limit if request.gas is None else min(request.gas, header.gas_limit)
    computation, _ = _run(chain, header, request, gas)
    _raise_for(computation)
    return computation.output


def estimate_gas(chain: Chain, header: BlockHeaderAPI, request: Call) -> int:
    """Gas with which the call succeeds: the least, or at most 1.5 % more."""
    ceiling = header.gas_limit if request.gas is None else min(request.gas, header.gas_limit)
    try:
        computation, spent = _run(chain, header, request, ceiling)
    except _TooLittleGas as error:
        raise _out_of_gas(ceiling) from error
    if computation.is_error and isinstance(computation.error, OutOfGas):
        raise _out_of_gas(ceiling)
    _raise_for(computation)
    if spent >= ceiling or _succeeds(chain, header, request, spent):
        return spent
    low, high = spent, ceiling
    # Calls keep back 1/64 of the gas, and sending value needs a stipend: one guess with both mostly hits.
    guess = (spent + _CALL_STIPEND) * 64 // 63
    while high - low > high * _TOLERANCE:
        middle = guess if low < guess < high else (low + high) // 2
        guess = 0
        if _succeeds(chain, header, request, middle):
            high = middle
        else:
            low = middle
    return high


def _succeeds(chain: Chain, header: BlockHeaderAPI, request: Call, gas: int) -> bool:
    return _run(chain, header, request, gas)[0].is_success


def _run(chain: Chain, header: BlockHeaderAPI, request: Call, gas: int) -> tuple[ComputationAPI, int]:
    """The finished computation and the gas it took before refunds, floor included."""
    check_initcode(request.to, request.data)
    state = call_vm(chain, header).state
    assert isinstance(state, CallState)
    for address, override in request.overrides.items():
        _pretend(state, Address(address), override)
    sender = Address(request.sender)
    unsigned = PragueTransactionBuilder.new_unsigned_dynamic_fee_transaction(
        chain_id=chain.chain_id,
        nonce=state.get_nonce(sender),
        max_priority_fee_per_gas=0,
        max_fee_per_gas=0,
        gas=gas,
        to=Address(request.to),
        value=request.value,
        data=request.data,
        access_list=[(Address(address), slots) for address, slots in request.access_list],
    )
    least = least_gas(request.data, unsigned.intrinsic_gas)
    if gas < least:
        raise _TooLittleGas(-32000, "intrinsic gas too high -- CallGasCostMoreThanGasLimit")
    try:
        # A spoofed transaction behaves like a signed one without having a signature.
        computation = state.apply_transaction(SpoofTransaction(unsigned, from_=sender))  # type: ignore[arg-type]  # a stand-in py-evm accepts but does not type
    except ValidationError as error:
        raise rejected(str(error)) from error
    return computation, max(least, gas - computation.get_gas_remaining())


def _pretend(state: CallState, address: Address, override: Override) -> None:
    if override.balance is not None:
        state.set_balance(address, override.balance)
    if override.nonce is not None:
        state.set_nonce(address, override.nonce)
    if override.code is not None:
        state.set_code(address, override.code)
    if override.storage is not None:
        state.delete_storage(address)
    for slot, value in {**(override.storage or {}), **override.storage_changes}.items():
        state.set_storage(address, slot, value)
    state.lock_changes()


def _raise_for(computation: ComputationAPI) -> None:
    if computation.is_success:
        return
    if isinstance(computation.error, Revert):
        raise reverted(computation.output)
    raise evm_error(type(computation.error).__name__)


def _out_of_gas(ceiling: int) -> RpcError:
    return rejected(f"Out of gas: gas required exceeds allowance: {ceiling}")
