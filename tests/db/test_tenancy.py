"""Every tenant-scoped query takes the project first, and shows and changes nothing of another project."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, NoResultFound

from app.db.database import Database
from app.db.repositories import Unit
from app.db.repositories.belongings import Belongings
from app.db.repositories.chain import Chains
from app.db.repositories.charges import Charges
from app.db.repositories.chat import Chats
from app.db.repositories.costs import Costs
from app.db.repositories.identity import Identities
from app.db.repositories.memory import Memories, columns
from app.db.repositories.tenancy import Collections
from app.db.repositories.text import Texts
from app.db.repositories.token import Tokens
from app.db.tables import (
    ChainBlock,
    ChainTransaction,
    ChainTransfer,
    Charge,
    ChatMessage,
    Commit,
    Conversation,
    DataKey,
    Erasure,
    Memory,
    Mint,
    Snapshot,
    SnapshotState,
    Summary,
    Token,
    TransactionAttempt,
)
from app.ports import Address, Call
from app.scope import Scope
from tests.db import rows

REPOSITORIES = (Collections, Tokens, Texts, Chains, Costs, Identities, Memories, Belongings, Chats, Charges)
# What has no project to take: projects themselves, packs, which are public, rows that carry their own, the nonces of an
# account, which all projects share, and sign-in, which is to the site.
UNSCOPED = {
    *("Collections.project", "Collections.projects", "Collections.add", "Collections.add_or_find"),
    *("Collections.keep_pack", "Collections.pack"),
    *("Tokens.add", "Tokens.prepare"),
    *("Identities.issue", "Identities.consume", "Identities.forget_nonces"),
    *("Identities.session_keys", "Identities.add_key", "Identities.drop_key"),
    *("Identities.revoke", "Identities.revoked", "Identities.forget_revocations"),
    *("Memories.save", "Belongings.projects", "Belongings.tombstones"),
    # A user's own talks are found by the user's pseudonym; replies under way by ids that this process has just made.
    *("Chats.add", "Chats.save", "Chats.add_message", "Chats.add_pieces", "Charges.reserve"),
    *("Chats.mine", "Chats.opening", "Chats.page", "Chats.beat", "Chats.to_cancel", "Chats.dangling"),
    *("Chains.save", "Chains.add_transfers", "Chains.remember_blocks", "Chains.free_nonce"),
}


def methods() -> dict[str, Callable[..., Any]]:
    return {
        f"{repository.__name__}.{name}": member
        for repository in REPOSITORIES
        for name, member in inspect.getmembers(repository, inspect.isfunction)
        if not name.startswith("_")
    }


@pytest.mark.parametrize("name", sorted(methods().keys() - UNSCOPED))
def test_method_of_a_repository_takes_the_project_first(name: str) -> None:
    first = list(inspect.signature(methods()[name]).parameters)[:2]
    assert first in (["self", "project_id"], ["self", "scope"]), "a scope begins with its project"


def test_unscoped_methods_are_still_there() -> None:
    assert methods().keys() >= UNSCOPED


MINE, CALL = "commit:1:1", Call(Address("0x" + "AB" * 20), b"\x01")
USER = "a1" * 16


def private(project_id: int, collection_id: int) -> Scope:
    return Scope(project_id, collection_id, 7, 0, USER)


# Each method as a stranger calls it, with ids of rows that are not theirs.
STRANGER: dict[str, Callable[[Unit, int, int], Any]] = {
    "Collections.get": lambda unit, me, it: unit.collections.get(me, it),
    "Collections.by_slug": lambda unit, me, it: unit.collections.by_slug(me, "town"),
    "Collections.of": lambda unit, me, it: unit.collections.of(me),
    "Collections.deployed": lambda unit, me, it: unit.collections.deployed(me),
    "Tokens.born": lambda unit, me, it: unit.tokens.born(me, it, 0, 10),
    "Tokens.prepared": lambda unit, me, it: unit.tokens.prepared(me, it, 0, 10),
    "Tokens.show": lambda unit, me, it: unit.tokens.show(me, it, 0, 9),
    "Tokens.advance": lambda unit, me, it: unit.tokens.advance(me, it, [(0, 1), (1, 1)], SnapshotState.FINALIZED),
    "Tokens.get": lambda unit, me, it: unit.tokens.get(me, it, 0),
    "Tokens.birth": lambda unit, me, it: unit.tokens.birth(me, it, 0),
    "Tokens.known": lambda unit, me, it: unit.tokens.known(me, it, 0, 10),
    "Tokens.newest": lambda unit, me, it: unit.tokens.newest(me, it, 0),
    "Texts.of": lambda unit, me, it: unit.texts.of(me, it, 0),
    "Texts.by_model": lambda unit, me, it: unit.texts.by_model(me, it, 0, 10),
    "Texts.set_head": lambda unit, me, it: unit.texts.set_head(
        me, it, 0, expected=1, version=rows.version(me, it, 0, 2)
    ),
    "Tokens.load": lambda unit, me, it: unit.tokens.load(me, it, 10, 7),
    "Tokens.changed": lambda unit, me, it: unit.tokens.changed(me, it, 10),
    "Tokens.committed": lambda unit, me, it: unit.tokens.committed(me, it, 1),
    "Tokens.finalized": lambda unit, me, it: unit.tokens.finalized(me, it, 10),
    "Tokens.ready": lambda unit, me, it: unit.tokens.ready(me, it),
    "Tokens.own": lambda unit, me, it: unit.tokens.own(me, it, 0, "0x" + "ee" * 20, burned=True),
    "Tokens.minted": lambda unit, me, it: unit.tokens.minted(me, it),
    "Tokens.minted_ids": lambda unit, me, it: unit.tokens.minted_ids(me, it, 0, 10),
    "Tokens.snapshots": lambda unit, me, it: unit.tokens.snapshots(me, it, [0, 1]),
    "Costs.grouped": lambda unit, me, it: unit.costs.grouped(me, "day", "2026-01-01", "2026-12-31", collection_id=it),
    "Costs.first_day": lambda unit, me, it: unit.costs.first_day(me, collection_id=it),
    "Chains.transaction": lambda unit, me, it: unit.chains.transaction(me, MINE),
    "Chains.plan": lambda unit, me, it: None,  # adds a row of its own; below
    "Chains.transaction_by_id": lambda unit, me, it: unit.chains.transaction_by_id(me, 1),
    "Chains.attempts": lambda unit, me, it: unit.chains.attempts(me, 1),
    "Chains.drop_attempts": lambda unit, me, it: unit.chains.drop_attempts(me, 1),
    "Chains.unconfirmed": lambda unit, me, it: unit.chains.unconfirmed(me, it),
    "Chains.commit": lambda unit, me, it: unit.chains.commit(me, it, 1),
    "Chains.last_commit": lambda unit, me, it: unit.chains.last_commit(me, it),
    "Chains.mints": lambda unit, me, it: unit.chains.mints(me, it, 0, 10),
    "Chains.planned_mints": lambda unit, me, it: unit.chains.planned_mints(me, it),
    "Chains.block": lambda unit, me, it: unit.chains.block(me, it, 5),
    "Chains.known_blocks": lambda unit, me, it: unit.chains.known_blocks(me, it),
    "Chains.forget_blocks": lambda unit, me, it: unit.chains.forget_blocks(me, it, below=100),
    "Chains.rewind": lambda unit, me, it: unit.chains.rewind(me, it, 0),
    "Chats.seal": lambda unit, me, it: unit.chats.seal(me, "c" * 32),
    "Chats.remove": lambda unit, me, it: unit.chats.remove(me, "c" * 32),
    "Chats.tenure": lambda unit, me, it: unit.chats.tenure(me, it, 0),
    "Chats.went_on": lambda unit, me, it: unit.chats.went_on(me, "c" * 32, 9, 9),
    "Chats.message": lambda unit, me, it: unit.chats.message(me, "c" * 32, 1),
    "Chats.by_client_key": lambda unit, me, it: unit.chats.by_client_key(me, "c" * 32, "key"),
    "Chats.reply_of": lambda unit, me, it: unit.chats.reply_of(me, "c" * 32, 1),
    "Chats.messages": lambda unit, me, it: unit.chats.messages(me, "c" * 32, 10),
    "Chats.streaming": lambda unit, me, it: unit.chats.streaming(me, "c" * 32, 0),
    "Chats.ask_to_cancel": lambda unit, me, it: unit.chats.ask_to_cancel(me, "c" * 32, 1),
    "Chats.pieces": lambda unit, me, it: unit.chats.pieces(me, 1),
    "Chats.drop_pieces": lambda unit, me, it: unit.chats.drop_pieces(me, 1),
    "Charges.lock": lambda unit, me, it: unit.charges.lock(me),
    "Charges.settle": lambda unit, me, it: unit.charges.settle(
        me, "chat-1", cost_micro=9, prompt_tokens=9, completion_tokens=9, estimated=False, now=9
    ),
    "Charges.of_message": lambda unit, me, it: unit.charges.of_message(me, "c" * 32, 2),
    "Charges.spent": lambda unit, me, it: any(
        map(any, unit.charges.spent(me, it, 0, USER, day="2026-11-20", day_start=0, minute=0))
    ),
    "Memories.key": lambda unit, me, it: unit.memories.key(private(me, it)),
    "Memories.add_key": lambda unit, me, it: None,  # adds a row of its own, in the scope it is told
    "Memories.seal": lambda unit, me, it: unit.memories.seal(me, it, 7, 9, 5),
    "Memories.facts": lambda unit, me, it: unit.memories.facts(private(me, it)),
    "Memories.drop": lambda unit, me, it: unit.memories.drop(private(me, it), [1]),
    "Memories.use": lambda unit, me, it: unit.memories.use(private(me, it), [1], 5),
    "Memories.summary": lambda unit, me, it: unit.memories.summary(private(me, it)),
    "Memories.drop_summary": lambda unit, me, it: unit.memories.drop_summary(private(me, it)),
    "Belongings.keys": lambda unit, me, it: unit.belongings.keys(me, USER),
    "Belongings.memory": lambda unit, me, it: unit.belongings.memory(me, USER, 1),
    "Belongings.conversations": lambda unit, me, it: unit.belongings.conversations(me, USER),
    "Belongings.messages": lambda unit, me, it: unit.belongings.messages(me, USER, "c" * 32),
    "Belongings.count": lambda unit, me, it: unit.belongings.count(me, USER),
    "Belongings.erase": lambda unit, me, it: unit.belongings.erase(me, USER, now=9, today="2026-11-20"),
    "Belongings.bury": lambda unit, me, it: None,  # adds a row of its own, of the project it is told
    "Belongings.buried": lambda unit, me, it: unit.belongings.buried(me, USER, 1),
    "Chains.last_transfer": lambda unit, me, it: unit.chains.last_transfer(me, it, 0),
}


@pytest.fixture
def mine(database: Database) -> tuple[Database, int, int]:
    """One project with a row of everything, and another with nothing: (database, stranger's id, collection's id)."""
    with database.write() as unit:
        me = unit.collections.project("mine", 1).id or 0
        stranger = unit.collections.project("stranger", 1).id or 0
        collection = unit.collections.add(rows.collection(me, contract="0x" + "ab" * 20)).id or 0
        for token_id, state in enumerate((SnapshotState.LIVE, SnapshotState.PREPARED, SnapshotState.COMMITTED)):
            token = rows.token(me, collection, token_id, head=1, minted=True, owner="0x" + "0a" * 20)
            snapshot = rows.snapshot(me, collection, token_id, state=state, commit_number=1)
            unit.tokens.add(token, rows.birth(me, collection, token_id), [rows.version(me, collection, token_id)])
            unit.session.add(snapshot)
        call = {"chain_id": 31337, "sender": "0x" + "0b" * 20, "call": CALL, "now": 1}
        transaction = unit.chains.plan(me, collection, MINE, **call)  # type: ignore[arg-type]  # values of several types are spread
        transaction.state, transaction.nonce = "mined", 0
        unit.chains.save(transaction)
        assert transaction.id == 1
        hashes = "0x" + "11" * 32
        attempt = TransactionAttempt(
            hash=hashes, transaction_id=1, raw=b"\x02", max_fee=1, max_priority_fee=1, signed_at=1
        )
        unit.chains.save(attempt)
        commit = Commit(collection_id=collection, number=1, project_id=me, covered=3, transaction_id=1, created_at=1)
        unit.chains.save(commit)
        unit.chains.save(Mint(collection_id=collection, token_id=0, project_id=me, receiver="0x" + "0a" * 20))
        spent: dict[str, Any] = {
            "token_id": 0,
            "user": "0" * 32,
            "conversation_id": "0" * 32,
            "number": 2,
            "reserved_micro": 0,
        }
        spent |= {"cost_micro": 5, "day": "2026-11-21", "pool": "cheap", "task": "chat", "state": "settled"}
        unit.charges.reserve(Charge(key="turn", project_id=me, collection_id=collection, created_at=1, **spent))
        unit.chains.remember_blocks([ChainBlock(collection_id=collection, number=5, hash=hashes)])
        transfer = ChainTransfer(
            collection_id=collection,
            block_number=5,
            log_index=0,
            project_id=me,
            block_hash=hashes,
            transaction_hash=hashes,
            token_id=0,
            sender="0x" + "00" * 20,
            receiver="0x" + "0a" * 20,
        )
        unit.chains.add_transfers([transfer])
        scope = private(me, collection)
        unit.memories.add_key(scope, b"wrapped", 1)
        unit.memories.save(
            Memory(**columns(scope), kind="like", sealed=b"sealed", importance=5, day="2026-11-20", message_id=1)
        )
        unit.memories.save(Summary(**columns(scope), sealed=b"sealed", updated_at=1))
        unit.belongings.bury(me, USER, 1)
        talk = Conversation(**columns(scope), id="c" * 32, role="owner", consent="1", created_at=1, updated_at=1)
        unit.session.add(talk)
        unit.flush()
        message = ChatMessage(
            project_id=me, conversation_id="c" * 32, number=1, role="user", state="complete", created_at=1
        )
        unit.session.add(message)
    return database, stranger, collection


def everything(database: Database) -> list[str]:
    """All rows, as text."""
    from sqlmodel import select

    tables = (
        DataKey,
        Memory,
        Summary,
        Erasure,
        Conversation,
        ChatMessage,
        Token,
        Snapshot,
        ChainBlock,
        ChainTransaction,
        ChainTransfer,
        Commit,
        Mint,
        TransactionAttempt,
    )
    with database.read() as unit:
        return sorted(repr(row) for table in tables for row in unit.session.exec(select(table)).all())


def test_every_scoped_method_is_tried_as_a_stranger() -> None:
    assert STRANGER.keys() == methods().keys() - UNSCOPED


@pytest.mark.parametrize("name", sorted(STRANGER))
def test_method_called_by_another_project_sees_and_changes_nothing(mine: tuple[Database, int, int], name: str) -> None:
    database, stranger, collection = mine
    before = everything(database)
    found: Any = None
    try:
        with database.write() as unit:
            found = STRANGER[name](unit, stranger, collection)
            found = list(found) if isinstance(found, set | list | tuple) else found
    except NoResultFound:
        found = None
    assert not found
    assert everything(database) == before


def test_plan_key_of_another_project_is_not_handed_over(mine: tuple[Database, int, int]) -> None:
    database, stranger, collection = mine
    before = everything(database)
    with pytest.raises(IntegrityError), database.write() as unit:
        unit.chains.plan(stranger, collection, MINE, chain_id=31337, sender="0x" + "0c" * 20, call=CALL, now=1)
    assert everything(database) == before
