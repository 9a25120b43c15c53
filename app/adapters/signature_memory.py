"""Signatures of accounts in memory (port SignatureChecker): keys, contract wallets, and factories that make those.

A wallet here is a rule: which signatures of a digest it takes. It runs the same readers of signatures as the real one.
"""

from collections.abc import Callable

from app.errors import ChainUnavailable
from app.identity import Account
from app.ports import Address
from app.provenance.signatures import MAX_SIGNATURE, is_wrapped, message_hash, recover, unwrap

Rule = Callable[[bytes, bytes], bool]
"""(32-byte digest, signature) → whether the wallet takes it (ERC-1271)."""


class MemorySignatures:
    """Chains of one process."""

    def __init__(self) -> None:
        self.down: set[int] = set()
        """Chains that do not answer at the moment."""
        self._wallets: dict[Account, Rule] = {}
        self._makes: dict[tuple[int, Address, bytes], tuple[Account, Rule]] = {}

    def deploy(self, account: Account, rule: Rule) -> None:
        """Put a contract wallet at this account, in place of what was there. An EIP-7702 delegation is one too."""
        self._wallets[account] = rule

    def promise(self, factory: Address, calldata: bytes, account: Account, rule: Rule) -> None:
        """Let a factory make this wallet when it is called with `calldata`."""
        self._makes[account.chain_id, factory, calldata] = (account, rule)

    def check(self, account: Account, message: bytes, signature: bytes) -> bool:
        if not signature or len(signature) > MAX_SIGNATURE:
            return False
        digest = message_hash(message)
        if recover(digest, signature) == account.address:
            return True
        wrapped = unwrap(signature)
        if wrapped is None and is_wrapped(signature):
            return False
        if account.chain_id in self.down:
            raise ChainUnavailable(f"Chain {account.chain_id} does not answer.")
        rule = self._wallets.get(account)
        if wrapped is None:
            return rule is not None and rule(digest, signature)
        if rule is None:
            call = (account.chain_id, Address(wrapped.factory), wrapped.calldata)
            made, rule = self._makes.get(call, (None, None))
            if made != account:
                return False
        return rule is not None and rule(digest, wrapped.signature)
