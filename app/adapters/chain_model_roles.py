"""Roles of AgentNFT in plain Python: OpenZeppelin's AccessControlDefaultAdminRules, part of the contract's model.

The default admin is one account, moved in two steps with a delay; a change of that delay waits too.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

from eth_utils.address import to_checksum_address

from app.adapters.chain_abi import ZERO_ADDRESS, role
from app.ports import Address, Hash32

DELAY_INCREASE_WAIT = 5 * 24 * 3600
_UINT48 = (1 << 48) - 1
_ADMIN = bytes(32)


class Refused(Exception):
    """The contract reverts with this custom error."""

    def __init__(self, reason: str, *arguments: Any) -> None:
        super().__init__(reason, *arguments)
        self.reason = reason
        self.arguments = arguments


def _no_hash(number: int) -> None:
    """Of a chain without a past."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, when, and what else is on the chain."""

    address: Address
    time: int
    """Unix seconds of the block."""
    contracts: Collection[Address] = ()
    block: int = 0
    """Number of the block."""
    hash_of: Callable[[int], Hash32 | None] = _no_hash
    """Hash of a past block; None when the chain does not know it any more."""


@dataclass
class Roles:
    admin: Address
    delay: int
    """Seconds, unless `pending_delay` has come into force."""
    members: dict[bytes, frozenset[Address]] = field(default_factory=dict)
    """Of every role but the default admin's."""
    pending_admin: Address = ZERO_ADDRESS
    admin_schedule: int = 0
    """Unix seconds after which the pending admin may accept; 0 when none is pending."""
    pending_delay: int = 0
    delay_schedule: int = 0

    @classmethod
    def initial(cls, admin: Address, delay: int) -> "Roles":
        if admin == ZERO_ADDRESS:
            raise Refused("AccessControlInvalidDefaultAdmin", ZERO_ADDRESS)
        return cls(admin, delay)

    @staticmethod
    def checksum(address: str) -> Address:
        return Address(to_checksum_address(address))

    def copy(self) -> "Roles":
        return replace(self, members=dict(self.members))

    def has(self, role_id: bytes, account: Address) -> bool:
        if role_id == _ADMIN:
            return account == self.admin != ZERO_ADDRESS
        return account in self.members.get(role_id, frozenset())

    def require(self, name: str, caller: Caller) -> None:
        if not self.has(role(name), caller.address):
            raise Refused("AccessControlUnauthorizedAccount", caller.address, role(name))

    def grant(self, caller: Caller, role_id: bytes, account: Address) -> None:
        self._not_the_admin_role(role_id)
        self.require("DEFAULT_ADMIN_ROLE", caller)
        self.members[role_id] = self.members.get(role_id, frozenset()) | {account}

    def revoke(self, caller: Caller, role_id: bytes, account: Address) -> None:
        self._not_the_admin_role(role_id)
        self.require("DEFAULT_ADMIN_ROLE", caller)
        self._drop(role_id, account)

    def renounce(self, caller: Caller, role_id: bytes, account: Address) -> None:
        if role_id == _ADMIN and account == self.admin:
            if self.pending_admin != ZERO_ADDRESS or not self._passed(self.admin_schedule, caller):
                raise Refused("AccessControlEnforcedDefaultAdminDelay", self.admin_schedule)
            self.admin_schedule = 0
        if account != caller.address:
            raise Refused("AccessControlBadConfirmation")
        self._drop(role_id, account)

    def begin_admin_transfer(self, caller: Caller, new_admin: Address) -> None:
        self.require("DEFAULT_ADMIN_ROLE", caller)
        schedule = caller.time + self.current_delay(caller)
        if schedule > _UINT48:
            raise Refused("Panic", 0x11)
        self.pending_admin, self.admin_schedule = new_admin, schedule

    def cancel_admin_transfer(self, caller: Caller) -> None:
        self.require("DEFAULT_ADMIN_ROLE", caller)
        self.pending_admin, self.admin_schedule = ZERO_ADDRESS, 0

    def accept_admin_transfer(self, caller: Caller) -> None:
        if caller.address != self.pending_admin:
            raise Refused("AccessControlInvalidDefaultAdmin", caller.address)
        if not self._passed(self.admin_schedule, caller):
            raise Refused("AccessControlEnforcedDefaultAdminDelay", self.admin_schedule)
        self.admin = self.pending_admin
        self.pending_admin, self.admin_schedule = ZERO_ADDRESS, 0

    def change_admin_delay(self, caller: Caller, new_delay: int) -> None:
        self.require("DEFAULT_ADMIN_ROLE", caller)
        current = self.current_delay(caller)
        # A longer delay comes after itself or five days; a shorter one after the difference.
        wait = min(new_delay, DELAY_INCREASE_WAIT) if new_delay > current else current - new_delay
        if caller.time + wait > _UINT48:
            raise Refused("Panic", 0x11)
        self._set_pending_delay(caller, new_delay, caller.time + wait)

    def rollback_admin_delay(self, caller: Caller) -> None:
        self.require("DEFAULT_ADMIN_ROLE", caller)
        self._set_pending_delay(caller, 0, 0)

    def current_delay(self, caller: Caller) -> int:
        return self.pending_delay if self._passed(self.delay_schedule, caller) else self.delay

    def _set_pending_delay(self, caller: Caller, delay: int, schedule: int) -> None:
        self.delay = self.current_delay(caller)
        self.pending_delay, self.delay_schedule = delay, schedule

    def _drop(self, role_id: bytes, account: Address) -> None:
        if role_id == _ADMIN:
            if account == self.admin:
                self.admin = ZERO_ADDRESS
        elif role_id in self.members:
            self.members[role_id] = self.members[role_id] - {account}

    @staticmethod
    def _not_the_admin_role(role_id: bytes) -> None:
        if role_id == _ADMIN:
            raise Refused("AccessControlEnforcedDefaultAdminRules")

    @staticmethod
    def _passed(schedule: int, caller: Caller) -> bool:
        return schedule != 0 and schedule < caller.time
