"""AgentNFT in plain Python: what each call changes and why it is refused, by the same names as the contract.

One class per part of the state; `AgentModel` joins them. Methods are named like the contract's functions, take who
calls and when (`Caller`), and either change the state or raise `Refused`. A copy is made before each call, so a
method may change things before it refuses: then the copy is thrown away, as the EVM does.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from app.adapters.chain_abi import ZERO_ADDRESS, Function, role
from app.adapters.chain_model_reveal import Reveal
from app.adapters.chain_model_roles import Caller, Refused, Roles
from app.ports import MAX_RANGES, Address

MAX_SUPPLY = 1 << 20
MAX_ORIGIN_LENGTH = 200
_FORBIDDEN_IN_ORIGIN = frozenset(b'"\\<>?#')


@dataclass
class AgentModel:
    """One deployed collection."""

    address: Address
    name: str
    symbol: str
    origin: str
    supply: int
    roles: Roles
    reveal: Reveal
    royalty: tuple[Address, int] = (ZERO_ADDRESS, 0)
    """Receiver and hundredths of a percent."""
    number: int = 0
    time: int = 0
    covered: int = 0
    minted: int = 0
    mint_paused: bool = False
    owners: dict[int, Address] = field(default_factory=dict)
    approved: dict[int, Address] = field(default_factory=dict)
    operators: set[tuple[Address, Address]] = field(default_factory=set)
    """(owner, operator) pairs."""
    burned: set[int] = field(default_factory=set)
    moves: list[tuple[Address, Address, int]] = field(default_factory=list)
    """Transfer events of the present call: from, to, token."""
    updates: list[tuple[int, int]] = field(default_factory=list)
    """ERC-4906 events of the present call: first and last id."""

    @classmethod
    def deployed(cls, address: Address, setup: tuple[Any, ...]) -> "AgentModel":
        """The constructor; raises Refused."""
        name, symbol, origin, supply, pack, seed, admin, delay, committer, minter, pauser, receiver, bps = setup
        roles = Roles.initial(_checksum(admin), delay)
        if not 1 <= supply <= MAX_SUPPLY:
            raise Refused("InvalidSupply", supply)
        reveal = Reveal.initial(pack, seed)
        model = cls(address, name, symbol, _checked_origin(origin), supply, roles, reveal)
        if _checksum(receiver) != ZERO_ADDRESS or bps:
            model._set_royalty(_checksum(receiver), bps)
        for title, account in (("COMMITTER", committer), ("MINTER", minter), ("PAUSER", pauser)):
            if _checksum(account) != ZERO_ADDRESS:
                roles.members[role(title)] = frozenset({_checksum(account)})
        return model

    @property
    def owner(self) -> Address:
        return self.roles.admin

    @property
    def total_supply(self) -> int:
        return self.minted - len(self.burned)

    def balance_of(self, account: Address) -> int:
        return sum(owner == account for owner in self.owners.values())

    def copy(self) -> "AgentModel":
        """An independent copy with no events."""
        return replace(
            self,
            roles=self.roles.copy(),
            reveal=self.reveal.copy(),
            owners=copy(self.owners),
            approved=copy(self.approved),
            operators=copy(self.operators),
            burned=copy(self.burned),
            moves=[],
            updates=[],
        )

    def run(self, caller: Caller, function: Function, arguments: tuple[Any, ...]) -> None:
        """Run a decoded call in place; raises Refused. Views change nothing and are not refused."""
        if function.view:
            return
        values = (_checksummed(kind, value) for kind, value in zip(function.inputs, arguments, strict=True))
        _METHODS[function.signature](self, caller, *values)

    # --- commit, reveal, mint, burn ----------------------------------------------------------------------------------

    def commit(self, caller: Caller, number: int, covered: int, changed: tuple[tuple[int, int], ...]) -> None:
        self.roles.require("COMMITTER", caller)
        if number != self.number + 1:
            raise Refused("CommitOutOfOrder", self.number + 1, number)
        if covered < self.covered:
            raise Refused("CoveredDecreases", self.covered, covered)
        if covered > self.supply:
            raise Refused("CoveredExceedsSupply", self.supply, covered)
        if len(changed) > MAX_RANGES:
            raise Refused("TooManyRanges", len(changed))
        free = 0
        for first, last in changed:
            if not free <= first <= last < covered:
                raise Refused("InvalidRange", first, last)
            free = last + 1
        self.number, self.time, self.covered = number, caller.time, covered
        self.updates.extend(changed)

    def close(self, caller: Caller) -> None:
        self.roles.require("DEFAULT_ADMIN_ROLE", caller)
        self.reveal.close(caller)

    def capture(self, caller: Caller) -> None:
        self.reveal.capture(caller)

    def mint(self, caller: Caller, to: Address, token: int) -> None:
        self.roles.require("MINTER", caller)
        self._mint_all([to], token)

    def mint_batch(self, caller: Caller, receivers: tuple[Address, ...], first: int) -> None:
        self.roles.require("MINTER", caller)
        if not receivers:
            raise Refused("EmptyBatch")
        self._mint_all(list(receivers), first)

    def _mint_all(self, receivers: list[Address], first: int) -> None:
        self.reveal.require_minting()
        if self.mint_paused:
            raise Refused("MintIsPaused")
        if first + len(receivers) > self.covered:
            raise Refused("NotCovered", max(first, self.covered), self.covered)
        for token, to in enumerate(receivers, first):
            if to == ZERO_ADDRESS:
                raise Refused("ERC721InvalidReceiver", ZERO_ADDRESS)
            if token in self.burned:
                raise Refused("AlreadyBurned", token)
            if token in self.owners:
                raise Refused("AlreadyMinted", token)
            self._move(to, token)
        self.minted += len(receivers)

    def burn(self, caller: Caller, token: int) -> None:
        self._require_authorized(caller.address, token)
        self._move(ZERO_ADDRESS, token)
        self.burned.add(token)

    def pause_mint(self, caller: Caller) -> None:
        self.roles.require("PAUSER", caller)
        if self.mint_paused:
            raise Refused("MintIsPaused")
        self.mint_paused = True

    def unpause_mint(self, caller: Caller) -> None:
        self.roles.require("DEFAULT_ADMIN_ROLE", caller)
        if not self.mint_paused:
            raise Refused("MintIsNotPaused")
        self.mint_paused = False

    # --- ERC-721 -----------------------------------------------------------------------------------------------------

    def transfer_from(self, caller: Caller, sender: Address, to: Address, token: int) -> None:
        if to == ZERO_ADDRESS:
            raise Refused("ERC721InvalidReceiver", ZERO_ADDRESS)
        self._require_authorized(caller.address, token)
        if (owner := self.owners[token]) != sender:
            raise Refused("ERC721IncorrectOwner", sender, token, owner)
        self._move(to, token)

    def safe_transfer_from(self, caller: Caller, sender: Address, to: Address, token: int, data: bytes = b"") -> None:
        self.transfer_from(caller, sender, to, token)
        # No contract of this chain takes tokens through onERC721Received.
        if to in caller.contracts:
            raise Refused("ERC721InvalidReceiver", to)

    def approve(self, caller: Caller, to: Address, token: int) -> None:
        owner = self._require_owned(token)
        if caller.address != owner and (owner, caller.address) not in self.operators:
            raise Refused("ERC721InvalidApprover", caller.address)
        self.approved[token] = to

    def set_approval_for_all(self, caller: Caller, operator: Address, allowed: bool) -> None:
        if operator == ZERO_ADDRESS:
            raise Refused("ERC721InvalidOperator", ZERO_ADDRESS)
        change = self.operators.add if allowed else self.operators.discard
        change((caller.address, operator))

    def _require_owned(self, token: int) -> Address:
        if token not in self.owners:
            raise Refused("ERC721NonexistentToken", token)
        return self.owners[token]

    def _require_authorized(self, spender: Address, token: int) -> None:
        owner = self._require_owned(token)
        if spender not in (owner, self.approved.get(token)) and (owner, spender) not in self.operators:
            raise Refused("ERC721InsufficientApproval", spender, token)

    def _move(self, to: Address, token: int) -> None:
        sender = self.owners.pop(token, ZERO_ADDRESS)
        self.approved.pop(token, None)
        if to != ZERO_ADDRESS:
            self.owners[token] = to
        self.moves.append((sender, to, token))

    # --- documents ---------------------------------------------------------------------------------------------------

    def contract_uri(self, chain_id: int) -> str:
        return f"{self.origin}/{chain_id}/{self.address.lower()}"

    def token_uri(self, chain_id: int, token: int) -> str:
        self._require_owned(token)
        return f"{self.contract_uri(chain_id)}/{token}"

    def set_origin(self, caller: Caller, origin: str) -> None:
        self.roles.require("DEFAULT_ADMIN_ROLE", caller)
        if _checked_origin(origin) == self.origin:
            raise Refused("OriginUnchanged")
        self.origin = origin
        self.updates.append((0, (1 << 256) - 1))

    def set_royalty(self, caller: Caller, receiver: Address, bps: int) -> None:
        self.roles.require("DEFAULT_ADMIN_ROLE", caller)
        self._set_royalty(receiver, bps)

    def _set_royalty(self, receiver: Address, bps: int) -> None:
        if bps > 10_000:
            raise Refused("ERC2981InvalidDefaultRoyalty", bps, 10_000)
        if receiver == ZERO_ADDRESS:
            raise Refused("ERC2981InvalidDefaultRoyaltyReceiver", ZERO_ADDRESS)
        self.royalty = (receiver, bps)


def _roles(method: Callable[..., None]) -> Callable[..., None]:
    return lambda model, *arguments: method(model.roles, *arguments)


_METHODS: dict[str, Callable[..., None]] = {
    "commit(uint64,uint32,(uint32,uint32)[])": AgentModel.commit,
    "close()": AgentModel.close,
    "capture()": AgentModel.capture,
    "mint(address,uint256)": AgentModel.mint,
    "mintBatch(address[],uint256)": AgentModel.mint_batch,
    "burn(uint256)": AgentModel.burn,
    "pauseMint()": AgentModel.pause_mint,
    "unpauseMint()": AgentModel.unpause_mint,
    "transferFrom(address,address,uint256)": AgentModel.transfer_from,
    "safeTransferFrom(address,address,uint256)": AgentModel.safe_transfer_from,
    "safeTransferFrom(address,address,uint256,bytes)": AgentModel.safe_transfer_from,
    "approve(address,uint256)": AgentModel.approve,
    "setApprovalForAll(address,bool)": AgentModel.set_approval_for_all,
    "setOrigin(string)": AgentModel.set_origin,
    "setRoyalty(address,uint96)": AgentModel.set_royalty,
    "grantRole(bytes32,address)": _roles(Roles.grant),
    "revokeRole(bytes32,address)": _roles(Roles.revoke),
    "renounceRole(bytes32,address)": _roles(Roles.renounce),
    "beginDefaultAdminTransfer(address)": _roles(Roles.begin_admin_transfer),
    "cancelDefaultAdminTransfer()": _roles(Roles.cancel_admin_transfer),
    "acceptDefaultAdminTransfer()": _roles(Roles.accept_admin_transfer),
    "changeDefaultAdminDelay(uint48)": _roles(Roles.change_admin_delay),
    "rollbackDefaultAdminDelay()": _roles(Roles.rollback_admin_delay),
}


def _checked_origin(origin: str) -> str:
    text = origin.encode()
    fits = 0 < len(text) <= MAX_ORIGIN_LENGTH and not text.endswith(b"/")
    if not fits or any(not 0x20 < byte < 0x7F or byte in _FORBIDDEN_IN_ORIGIN for byte in text):
        raise Refused("InvalidOrigin")
    return origin


def _checksum(address: str) -> Address:
    return Roles.checksum(address)


def _checksummed(kind: str, value: Any) -> Any:
    if kind == "address":
        return _checksum(value)
    return tuple(_checksum(item) for item in value) if kind == "address[]" else value
