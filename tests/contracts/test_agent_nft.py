"""AgentNFT, function by function: what each does, who may call it, and how it refuses."""

from typing import Any

import pytest

from app.adapters.chain_abi import agent_abi, role
from app.adapters.signer import LocalSigner
from app.ports import MAX_RANGES
from contracts_abi import load
from tests.contracts.collection import (
    ADMIN,
    ALICE,
    BOB,
    CAROL,
    COMMITTER,
    DELAY,
    MINTER,
    ORIGIN,
    PACK_HASH,
    PAUSER,
    SEED_HASH,
    ZERO,
    Collection,
    deployment,
    refused,
    send,
    unauthorized,
)
from tests.standins.nodes import CHAIN_ID, Node

MAX = 2**256 - 1
ADMIN_ROLE = role("DEFAULT_ADMIN_ROLE")


# --- construction ----------------------------------------------------------------------------------------------------


def test_constructor_sets_everything(collection: Collection) -> None:
    view = collection.view
    assert (view("name"), view("symbol"), view("origin"), view("supply")) == ("Agents", "AGT", ORIGIN, 200)
    assert (view("covered"), view("head"), view("totalSupply")) == (0, (0, 0, 0), 0)
    assert view("mintPaused") is False
    assert view("owner") == view("defaultAdmin") == ADMIN.address.lower()
    assert view("defaultAdminDelay") == DELAY
    for name, holder in (("COMMITTER", COMMITTER), ("MINTER", MINTER), ("PAUSER", PAUSER)):
        assert view(name) == role(name)
        assert view("hasRole", role(name), holder.address)
        assert not view("hasRole", role(name), ADMIN.address)
    assert view("royaltyInfo", 7, 10_000) == (ADMIN.address.lower(), 500)
    assert (view("MAX_SUPPLY"), view("MAX_ORIGIN_LENGTH"), view("MAX_RANGES")) == (2**20, 200, MAX_RANGES)
    assert "0x" + view("packHash").hex() == PACK_HASH
    assert "0x" + view("seedHash").hex() == SEED_HASH
    assert (view("blind"), view("revealBlock"), view("capturedHash")) == (False, 0, bytes(32))


def test_deployed_code_is_that_of_the_artifact(collection: Collection) -> None:
    code = bytes.fromhex(collection.node.rpc("eth_getCode", collection.address, "latest")[2:])
    assert load("AgentNFT").runs_at(code)
    assert not load("AgentNFT").runs_at(code[:-1])
    assert not load("AgentNFT").runs_at(code[:100] + bytes([code[100] ^ 1]) + code[101:])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"supply": 0}, "InvalidSupply(0)"),
        ({"supply": 2**20 + 1}, f"InvalidSupply({2**20 + 1})"),
        ({"pack_hash": "0x" + "00" * 32}, "InvalidPackHash()"),
        ({"origin": ""}, "InvalidOrigin()"),
        ({"origin": "https://agents.example/"}, "InvalidOrigin()"),
        ({"admin": ZERO, "royalty_receiver": ALICE.address}, f"AccessControlInvalidDefaultAdmin({ZERO})"),
        ({"royalty_bps": 10_001}, "ERC2981InvalidDefaultRoyalty(10001, 10000)"),
    ],
)
def test_constructor_refuses_what_can_not_be(node: Node, changes: dict[str, Any], reason: str) -> None:
    assert str(refused(node, ADMIN, deployment(**changes))) == reason


def test_constructor_takes_the_largest_supply_and_no_royalty(node: Node) -> None:
    collection = Collection.deployed(node, supply=2**20, royalty_receiver=None, royalty_bps=0, committer=ZERO)
    assert collection.view("supply") == 2**20
    assert collection.view("royaltyInfo", 0, 10_000) == (ZERO, 0)
    assert not collection.view("hasRole", role("COMMITTER"), ZERO)


# --- interfaces ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "interface"),
    [
        ("ERC165", "01ffc9a7"),
        ("ERC721", "80ac58cd"),
        ("ERC721Metadata", "5b5e139f"),
        ("ERC2981", "2a55205a"),
        ("ERC4906", "49064906"),
        ("AccessControl", "7965db0b"),
        ("AccessControlDefaultAdminRules", "31498786"),
    ],
)
def test_supports_interface_known_id_is_true(collection: Collection, name: str, interface: str) -> None:
    assert load("AgentNFT").interface_ids[name].hex() == interface
    assert collection.view("supportsInterface", bytes.fromhex(interface))


@pytest.mark.parametrize("interface", ["ffffffff", "00000000", "780e9d63", "7f5828d0"])
def test_supports_interface_other_id_is_false(collection: Collection, interface: str) -> None:
    assert not collection.view("supportsInterface", bytes.fromhex(interface))


def test_artifact_lists_every_interface_the_contract_answers_to(collection: Collection) -> None:
    for interface in load("AgentNFT").interface_ids.values():
        assert collection.view("supportsInterface", interface)


# --- commit ----------------------------------------------------------------------------------------------------------


def test_commit_raises_covered_and_emits_only_committed(collection: Collection) -> None:
    assert collection.do(COMMITTER, "commit", 1, 10, []) == [("Committed", (1, 10))]
    number, time, covered = collection.view("head")
    block = collection.node.rpc("eth_getBlockByNumber", "latest", False)
    assert (number, time, covered) == (1, int(block["timestamp"], 16), 10)
    assert collection.view("covered") == 10


def test_commit_with_the_same_covered_is_allowed(collection: Collection) -> None:
    collection.released(10)
    collection.released(10)
    assert collection.view("head")[0] == 2


@pytest.mark.parametrize("number", [0, 1, 3, 2**64 - 1])
def test_commit_out_of_order_is_refused(collection: Collection, number: int) -> None:
    collection.released(10)
    assert collection.refusal(COMMITTER, "commit", number, 11, []) == f"CommitOutOfOrder(2, {number})"


def test_commit_that_lowers_covered_is_refused(collection: Collection) -> None:
    collection.released(10)
    assert collection.refusal(COMMITTER, "commit", 2, 9, []) == "CoveredDecreases(10, 9)"


def test_commit_above_supply_is_refused(collection: Collection) -> None:
    assert collection.refusal(COMMITTER, "commit", 1, 201, []) == "CoveredExceedsSupply(200, 201)"
    collection.released(200)


@pytest.mark.parametrize("by", [ADMIN, MINTER, PAUSER, ALICE], ids=["admin", "minter", "pauser", "stranger"])
def test_commit_by_anyone_but_the_committer_is_refused(collection: Collection, by: LocalSigner) -> None:
    assert collection.refusal(by, "commit", 1, 1, []) == unauthorized(by, "COMMITTER")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ([(3, 3)], [("MetadataUpdate", (3,))]),
        ([(0, 9)], [("BatchMetadataUpdate", (0, 9))]),
        (
            [(0, 0), (1, 4), (6, 6), (9, 9)],
            [
                ("MetadataUpdate", (0,)),
                ("BatchMetadataUpdate", (1, 4)),
                ("MetadataUpdate", (6,)),
                ("MetadataUpdate", (9,)),
            ],
        ),
        ([(id_, id_) for id_ in range(8)], [("MetadataUpdate", (id_,)) for id_ in range(8)]),
    ],
    ids=["one id", "all", "mixed", "the most"],
)
def test_commit_with_changed_ids_says_so_in_the_same_transaction(
    collection: Collection, changed: list[tuple[int, int]], said: list[Any]
) -> None:
    assert collection.do(COMMITTER, "commit", 1, 10, changed) == [("Committed", (1, 10)), *said]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ([(4, 3)], (4, 3)),
        ([(9, 10)], (9, 10)),
        ([(10, 10)], (10, 10)),
        ([(0, 2**32 - 1)], (0, 2**32 - 1)),
        ([(2**32 - 1, 2**32 - 1)], (2**32 - 1, 2**32 - 1)),
        ([(0, 3), (3, 4)], (3, 4)),
        ([(2, 3), (0, 0)], (0, 0)),
        ([(2, 2), (2, 2)], (2, 2)),
        ([(0, 0), (2, 2), (4, 3)], (4, 3)),
    ],
)
def test_commit_with_ranges_that_make_no_sense_is_refused(
    collection: Collection, changed: list[tuple[int, int]], named: tuple[int, int]
) -> None:
    said = collection.refusal(COMMITTER, "commit", 1, 10, changed)
    assert said == f"InvalidRange({named[0]}, {named[1]})"


def test_commit_with_nine_ranges_is_refused(collection: Collection) -> None:
    nine = [(id_, id_) for id_ in range(0, 18, 2)]
    assert collection.refusal(COMMITTER, "commit", 1, 20, nine) == "TooManyRanges(9)"


def test_commit_names_ids_that_it_covers_itself_and_no_others(collection: Collection) -> None:
    collection.released(10)
    assert collection.refusal(COMMITTER, "commit", 2, 10, [(10, 10)]) == "InvalidRange(10, 10)"
    assert ("BatchMetadataUpdate", (8, 11)) in collection.do(COMMITTER, "commit", 2, 12, [(8, 11)])


# --- mint ------------------------------------------------------------------------------------------------------------


def test_mint_of_a_covered_id_emits_only_transfer(collection: Collection) -> None:
    collection.released(5)
    assert collection.do(MINTER, "mint", ALICE.address, 4) == [("Transfer", (ZERO, ALICE.address, 4))]
    assert collection.view("ownerOf", 4) == ALICE.address.lower()
    assert collection.view("totalSupply") == 1


@pytest.mark.parametrize("token", [5, 6, 199, 200, MAX])
def test_mint_of_an_id_that_is_not_covered_is_refused(collection: Collection, token: int) -> None:
    collection.released(5)
    assert collection.refusal(MINTER, "mint", ALICE.address, token) == f"NotCovered({token}, 5)"


def test_mint_batch_gives_ids_in_order(collection: Collection) -> None:
    collection.released(10)
    receivers = [ALICE.address, BOB.address, ALICE.address]
    expected = [("Transfer", (ZERO, receiver, 3 + index)) for index, receiver in enumerate(receivers)]
    assert collection.do(MINTER, "mintBatch", receivers, 3) == expected
    assert collection.view("balanceOf", ALICE.address) == 2
    assert collection.view("totalSupply") == 3


@pytest.mark.parametrize(("first", "named"), [(8, 10), (10, 10), (50, 50), (MAX, MAX), (MAX - 1, MAX - 1)])
def test_mint_batch_not_wholly_covered_is_refused_whole(collection: Collection, first: int, named: int) -> None:
    collection.released(10)
    receivers = [ALICE.address] * 3
    assert collection.refusal(MINTER, "mintBatch", receivers, first) == f"NotCovered({named}, 10)"


def test_mint_batch_of_none_is_refused(collection: Collection) -> None:
    collection.released(10)
    assert collection.refusal(MINTER, "mintBatch", [], 0) == "EmptyBatch()"


def test_mint_twice_is_refused(collection: Collection) -> None:
    collection.released(10)
    collection.do(MINTER, "mint", ALICE.address, 2)
    assert collection.refusal(MINTER, "mint", BOB.address, 2) == "AlreadyMinted(2)"
    assert collection.refusal(MINTER, "mintBatch", [BOB.address] * 2, 1) == "AlreadyMinted(2)"


def test_mint_to_the_zero_address_is_refused(collection: Collection) -> None:
    collection.released(10)
    assert collection.refusal(MINTER, "mint", ZERO, 2) == f"ERC721InvalidReceiver({ZERO})"
    assert collection.refusal(MINTER, "mintBatch", [ALICE.address, ZERO], 0) == f"ERC721InvalidReceiver({ZERO})"


@pytest.mark.parametrize("by", [ADMIN, COMMITTER, PAUSER, ALICE], ids=["admin", "committer", "pauser", "stranger"])
def test_mint_by_anyone_but_the_minter_is_refused(collection: Collection, by: LocalSigner) -> None:
    collection.released(10)
    assert collection.refusal(by, "mint", ALICE.address, 0) == unauthorized(by, "MINTER")
    assert collection.refusal(by, "mintBatch", [ALICE.address], 0) == unauthorized(by, "MINTER")


# --- burn ------------------------------------------------------------------------------------------------------------


def minted(collection: Collection, count: int = 3) -> None:
    collection.released(10)
    collection.do(MINTER, "mintBatch", [ALICE.address] * count, 0)


def test_burn_by_owner_is_final(collection: Collection) -> None:
    minted(collection)
    assert collection.do(ALICE, "burn", 1) == [("Transfer", (ALICE.address, ZERO, 1))]
    assert collection.view("totalSupply") == 2
    assert [collection.view("burned", token) for token in (0, 1, 9)] == [False, True, False]
    assert collection.refused_view("ownerOf", 1) == "ERC721NonexistentToken(1)"
    assert collection.refusal(MINTER, "mint", BOB.address, 1) == "AlreadyBurned(1)"
    assert collection.refusal(ALICE, "burn", 1) == "ERC721NonexistentToken(1)"
    collection.do(MINTER, "mint", BOB.address, 3)


def test_burn_by_approved_and_by_operator(collection: Collection) -> None:
    minted(collection)
    collection.do(ALICE, "approve", BOB.address, 0)
    collection.do(BOB, "burn", 0)
    collection.do(ALICE, "setApprovalForAll", CAROL.address, True)
    collection.do(CAROL, "burn", 1)
    assert collection.view("totalSupply") == 1


@pytest.mark.parametrize("by", [ADMIN, MINTER, COMMITTER, PAUSER, BOB])
def test_burn_by_anyone_else_is_refused(collection: Collection, by: LocalSigner) -> None:
    minted(collection)
    assert collection.refusal(by, "burn", 0) == f"ERC721InsufficientApproval({by.address}, 0)"


# --- transfers -------------------------------------------------------------------------------------------------------


def test_transfer_and_approval_follow_erc721(collection: Collection) -> None:
    minted(collection)
    assert collection.do(ALICE, "approve", BOB.address, 0) == [("Approval", (ALICE.address, BOB.address, 0))]
    assert collection.view("getApproved", 0) == BOB.address.lower()
    moved = collection.do(BOB, "transferFrom", ALICE.address, CAROL.address, 0)
    assert moved == [("Transfer", (ALICE.address, CAROL.address, 0))]
    assert collection.view("getApproved", 0) == ZERO
    collection.do(CAROL, "safeTransferFrom(address,address,uint256)", CAROL.address, BOB.address, 0)
    collection.do(BOB, "safeTransferFrom(address,address,uint256,bytes)", BOB.address, ALICE.address, 0, b"hi")
    assert collection.view("ownerOf", 0) == ALICE.address.lower()
    assert collection.view("isApprovedForAll", ALICE.address, BOB.address) is False


@pytest.mark.parametrize("by", [ADMIN, MINTER, COMMITTER, PAUSER, BOB])
def test_transfer_by_anyone_else_is_refused(collection: Collection, by: LocalSigner) -> None:
    minted(collection)
    said = f"ERC721InsufficientApproval({by.address}, 0)"
    assert collection.refusal(by, "transferFrom", ALICE.address, by.address, 0) == said


def test_transfer_that_makes_no_sense_is_refused(collection: Collection) -> None:
    minted(collection)
    a, b = ALICE.address, BOB.address
    safe = "safeTransferFrom(address,address,uint256)"
    assert collection.refusal(ALICE, "transferFrom", b, b, 0) == f"ERC721IncorrectOwner({b}, 0, {a})"
    assert collection.refusal(ALICE, "transferFrom", a, ZERO, 0) == f"ERC721InvalidReceiver({ZERO})"
    assert collection.refusal(ALICE, "transferFrom", a, b, 9) == "ERC721NonexistentToken(9)"
    assert collection.refusal(BOB, "approve", b, 0) == f"ERC721InvalidApprover({b})"
    assert collection.refusal(ALICE, "setApprovalForAll", ZERO, True) == f"ERC721InvalidOperator({ZERO})"
    contract = collection.address
    assert collection.refusal(ALICE, safe, a, contract, 0) == f"ERC721InvalidReceiver({contract})"
    assert collection.refused_view("balanceOf", ZERO) == f"ERC721InvalidOwner({ZERO})"
    assert collection.refused_view("getApproved", 9) == "ERC721NonexistentToken(9)"


# --- pause -----------------------------------------------------------------------------------------------------------


def test_pause_stops_mint_and_nothing_else(collection: Collection) -> None:
    minted(collection)
    assert collection.do(PAUSER, "pauseMint") == [("MintPaused", (PAUSER.address,))]
    assert collection.view("mintPaused") is True
    assert collection.refusal(MINTER, "mint", BOB.address, 5) == "MintIsPaused()"
    assert collection.refusal(MINTER, "mintBatch", [BOB.address], 5) == "MintIsPaused()"
    assert collection.refusal(PAUSER, "pauseMint") == "MintIsPaused()"
    collection.do(ALICE, "transferFrom", ALICE.address, BOB.address, 0)
    collection.do(BOB, "burn", 0)
    collection.released(20)
    assert collection.do(ADMIN, "unpauseMint") == [("MintUnpaused", (ADMIN.address,))]
    collection.do(MINTER, "mint", BOB.address, 15)
    assert collection.refusal(ADMIN, "unpauseMint") == "MintIsNotPaused()"


@pytest.mark.parametrize("by", [ADMIN, MINTER, COMMITTER, ALICE])
def test_pause_by_anyone_but_the_pauser_is_refused(collection: Collection, by: LocalSigner) -> None:
    assert collection.refusal(by, "pauseMint") == unauthorized(by, "PAUSER")


@pytest.mark.parametrize("by", [PAUSER, MINTER, COMMITTER, ALICE])
def test_unpause_by_anyone_but_the_admin_is_refused(collection: Collection, by: LocalSigner) -> None:
    collection.do(PAUSER, "pauseMint")
    assert collection.refusal(by, "unpauseMint") == unauthorized(by, "DEFAULT_ADMIN_ROLE")


# --- documents -------------------------------------------------------------------------------------------------------


def test_token_uri_of_a_token_is_hosted(collection: Collection) -> None:
    minted(collection)
    root = f"{ORIGIN}/{CHAIN_ID}/{collection.address.lower()}"
    assert collection.view("contractURI") == root
    assert collection.view("tokenURI", 0) == f"{root}/0"
    assert collection.view("tokenURI", 2) == f"{root}/2"


@pytest.mark.parametrize("token", [3, 9, 199, 200, MAX])
def test_token_uri_of_no_token_is_refused(collection: Collection, token: int) -> None:
    minted(collection)
    assert collection.refused_view("tokenURI", token) == f"ERC721NonexistentToken({token})"


def test_token_uri_of_a_burned_token_is_refused(collection: Collection) -> None:
    minted(collection)
    collection.do(ALICE, "burn", 0)
    assert collection.refused_view("tokenURI", 0) == "ERC721NonexistentToken(0)"


def test_set_origin_moves_all_uris_and_says_so(collection: Collection) -> None:
    minted(collection)
    said = collection.do(ADMIN, "setOrigin", "https://new.example:8443/nft")
    assert said == [("BatchMetadataUpdate", (0, MAX)), ("ContractURIUpdated", ())]
    root = f"https://new.example:8443/nft/{CHAIN_ID}/{collection.address.lower()}"
    assert collection.view("tokenURI", 0) == f"{root}/0"
    assert collection.view("contractURI") == root
    assert collection.refusal(ADMIN, "setOrigin", "https://new.example:8443/nft") == "OriginUnchanged()"


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "/",
        "https://a.example/",
        "https://a.example?x=1",
        "https://a.example#x",
        "https://a.example/ x",
        "https://a.example/\n",
        'https://"',
        "https://a\\b",
        "https://<b>",
        "https://a.exämple",
        "https://a.example/" + "x" * 183,
    ],
)
def test_set_origin_that_would_break_uris_is_refused(collection: Collection, origin: str) -> None:
    assert collection.refusal(ADMIN, "setOrigin", origin) == "InvalidOrigin()"


def test_set_origin_of_200_bytes_is_taken(collection: Collection) -> None:
    longest = "https://a.example/" + "x" * 182
    collection.do(ADMIN, "setOrigin", longest)
    assert collection.view("origin") == longest


@pytest.mark.parametrize("by", [PAUSER, MINTER, COMMITTER, ALICE])
def test_set_origin_and_royalty_by_anyone_but_the_admin_are_refused(collection: Collection, by: LocalSigner) -> None:
    assert collection.refusal(by, "setOrigin", "https://b.example") == unauthorized(by, "DEFAULT_ADMIN_ROLE")
    assert collection.refusal(by, "setRoyalty", by.address, 1) == unauthorized(by, "DEFAULT_ADMIN_ROLE")


def test_set_royalty_applies_to_all_tokens(collection: Collection) -> None:
    collection.do(ADMIN, "setRoyalty", BOB.address, 750)
    assert collection.view("royaltyInfo", 0, 10**18) == (BOB.address.lower(), 75 * 10**15)
    assert collection.refusal(ADMIN, "setRoyalty", BOB.address, 10_001) == "ERC2981InvalidDefaultRoyalty(10001, 10000)"
    assert collection.refusal(ADMIN, "setRoyalty", ZERO, 1) == f"ERC2981InvalidDefaultRoyaltyReceiver({ZERO})"


# --- roles -----------------------------------------------------------------------------------------------------------


def test_admin_grants_and_revokes_roles(collection: Collection) -> None:
    granted = collection.do(ADMIN, "grantRole", role("COMMITTER"), BOB.address)
    assert granted == [("RoleGranted", (role("COMMITTER"), BOB.address, ADMIN.address))]
    collection.do(BOB, "commit", 1, 5, [])
    collection.do(ADMIN, "revokeRole", role("COMMITTER"), BOB.address)
    assert collection.refusal(BOB, "commit", 2, 6, []) == unauthorized(BOB, "COMMITTER")


@pytest.mark.parametrize("by", [PAUSER, MINTER, COMMITTER, ALICE])
def test_roles_by_anyone_but_the_admin_are_refused(collection: Collection, by: LocalSigner) -> None:
    for function in ("grantRole", "revokeRole"):
        said = collection.refusal(by, function, role("MINTER"), by.address)
        assert said == unauthorized(by, "DEFAULT_ADMIN_ROLE")


def test_a_leaked_key_can_give_up_its_role(collection: Collection) -> None:
    collection.do(COMMITTER, "renounceRole", role("COMMITTER"), COMMITTER.address)
    assert collection.refusal(COMMITTER, "commit", 1, 1, []) == unauthorized(COMMITTER, "COMMITTER")
    said = collection.refusal(ALICE, "renounceRole", role("MINTER"), MINTER.address)
    assert said == "AccessControlBadConfirmation()"


def test_admin_role_can_not_be_granted_or_revoked(collection: Collection) -> None:
    said = "AccessControlEnforcedDefaultAdminRules()"
    assert collection.refusal(ADMIN, "grantRole", ADMIN_ROLE, BOB.address) == said
    assert collection.refusal(ADMIN, "revokeRole", ADMIN_ROLE, ADMIN.address) == said


def test_admin_moves_in_two_steps_after_the_delay_and_owner_follows(collection: Collection) -> None:
    collection.do(ADMIN, "beginDefaultAdminTransfer", BOB.address)
    _, schedule = collection.view("pendingDefaultAdmin")
    late = f"AccessControlEnforcedDefaultAdminDelay({schedule})"
    assert collection.refusal(BOB, "acceptDefaultAdminTransfer") == late
    assert collection.view("owner") == ADMIN.address.lower()
    collection.node.rpc("evm_setNextBlockTimestamp", schedule + 1)
    said = collection.do(BOB, "acceptDefaultAdminTransfer")
    assert said[-1] == ("OwnershipTransferred", (ADMIN.address, BOB.address))
    assert collection.view("owner") == BOB.address.lower()
    assert collection.refusal(ADMIN, "setOrigin", "https://b.example") == unauthorized(ADMIN, "DEFAULT_ADMIN_ROLE")


def test_admin_move_can_be_cancelled(collection: Collection) -> None:
    collection.do(ADMIN, "beginDefaultAdminTransfer", BOB.address)
    collection.do(ADMIN, "cancelDefaultAdminTransfer")
    said = f"AccessControlInvalidDefaultAdmin({BOB.address})"
    assert collection.refusal(BOB, "acceptDefaultAdminTransfer") == said


def test_admin_renounces_only_after_the_delay_and_owner_is_nobody(collection: Collection) -> None:
    said = "AccessControlEnforcedDefaultAdminDelay(0)"
    assert collection.refusal(ADMIN, "renounceRole", ADMIN_ROLE, ADMIN.address) == said
    collection.do(ADMIN, "beginDefaultAdminTransfer", ZERO)
    _, schedule = collection.view("pendingDefaultAdmin")
    collection.node.rpc("evm_setNextBlockTimestamp", schedule + 1)
    events = collection.do(ADMIN, "renounceRole", ADMIN_ROLE, ADMIN.address)
    assert events[-1] == ("OwnershipTransferred", (ADMIN.address, ZERO))
    assert collection.view("owner") == ZERO


def test_admin_delay_changes_after_a_wait(collection: Collection) -> None:
    collection.do(ADMIN, "changeDefaultAdminDelay", DELAY - 400)
    _, schedule = collection.view("pendingDefaultAdminDelay")
    block = collection.node.rpc("eth_getBlockByNumber", "latest", False)
    assert schedule == int(block["timestamp"], 16) + 400
    collection.do(ADMIN, "rollbackDefaultAdminDelay")
    assert collection.view("pendingDefaultAdminDelay") == (0, 0)
    assert collection.view("defaultAdminDelay") == DELAY


# --- what it does not take -------------------------------------------------------------------------------------------


def test_no_function_takes_ether_and_there_is_no_fallback(collection: Collection) -> None:
    for data in (b"", b"\xde\xad\xbe\xef"):
        request = {"from": ALICE.address, "to": collection.address, "data": "0x" + data.hex()}
        assert collection.node.failure("eth_call", request, "latest").code == 3
    assert all(entry.get("stateMutability") != "payable" for entry in load("AgentNFT").abi)


def test_every_function_of_the_contract_is_known_by_the_codec() -> None:
    declared = [entry["name"] for entry in load("AgentNFT").abi if entry["type"] == "function"]
    assert sorted(declared) == sorted(function.name for function in agent_abi().by_selector.values())


def test_two_collections_do_not_share_state(collection: Collection) -> None:
    other = Collection.deployed(collection.node)
    collection.released(5)
    assert other.view("covered") == 0
    assert send(other.node, COMMITTER, deployment())["status"] == "0x1"
