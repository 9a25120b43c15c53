"""Builds calls to AgentNFT (port AgentContract). It reads nothing and sends nothing."""

from collections.abc import Sequence
from typing import Any

from app.adapters.chain_abi import ZERO_ADDRESS, ZERO_HASH, agent_abi
from app.errors import Invalid
from app.ports import Address, Call, Hash32

ADMIN_DELAY = 3 * 24 * 3600
"""Seconds that a change of the admin waits, unless told otherwise."""


class AgentNft:
    """Calls to the compiled AgentNFT contract."""

    def deployment(
        self,
        *,
        name: str,
        symbol: str,
        origin: str,
        supply: int,
        pack_hash: Hash32,
        seed_hash: Hash32 | None,
        admin: Address,
        committer: Address,
        minter: Address,
        pauser: Address | None = None,
        admin_delay: int = ADMIN_DELAY,
        royalty_receiver: Address | None = None,
        royalty_bps: int = 0,
    ) -> Call:
        """Deploy a collection, a blind one when `seed_hash` is None. Without a `pauser` the admin is one; without a
        `royalty_receiver` the admin is it.

        supply: 1 to 2**20. admin_delay: seconds. royalty_bps: hundredths of a percent (ERC-2981). Raises Invalid for a
        `seed_hash` of zero, which the contract would read as blind."""
        if seed_hash is not None and bytes.fromhex(seed_hash[2:]) == bytes(32):
            raise Invalid("A seed hash of zero is the hash of no seed.", hint="Give None for a blind collection.")
        receiver = royalty_receiver or (admin if royalty_bps else ZERO_ADDRESS)
        setup = (
            name,
            symbol,
            origin,
            supply,
            bytes.fromhex(pack_hash[2:]),
            bytes.fromhex((seed_hash or ZERO_HASH)[2:]),
            admin,
            admin_delay,
            committer,
            minter,
            pauser or admin,
            receiver,
            royalty_bps,
        )
        return Call(to=None, data=agent_abi().creation([setup]))

    def commit(self, contract: Address, *, number: int, covered: int, changed: Sequence[tuple[int, int]] = ()) -> Call:
        return self.call(contract, "commit", number, covered, list(changed))

    def close(self, contract: Address) -> Call:
        return self.call(contract, "close")

    def capture(self, contract: Address) -> Call:
        return self.call(contract, "capture")

    def mint(self, contract: Address, *, receivers: Sequence[Address], first: int) -> Call:
        if len(receivers) == 1:
            return self.call(contract, "mint", receivers[0], first)
        return self.call(contract, "mintBatch", list(receivers), first)

    def call(self, contract: Address, function: str, *arguments: Any) -> Call:
        """A call to any function, by name, or by signature where the name has several."""
        return Call(to=contract, data=agent_abi().call(function, arguments))
