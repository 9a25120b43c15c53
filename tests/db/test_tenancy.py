"""Every tenant-scoped query takes the project first, and shows and changes nothing of another project."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, NoResultFound

from app.db.database import Database
from app.db.repositories import Unit
from app.db.repositories.chain import Chains
from app.db.repositories.tenancy import Collections
from app.db.repositories.text import Texts
from app.db.repositories.token import Tokens
from app.db.tables import (
    ChainBlock,
    ChainTransaction,
    ChainTransfer,
    Commit,
    Mint,
    Snapshot,
    SnapshotState,
    Token,
    TransactionAttempt,
)
from app.ports import Address, Call
from tests.db import rows

REPOSITORIES = (Collections, Tokens, Texts, Chains)
# What has no project to take: projects themselves, packs, which are public, rows that carry their own, and the nonces of
# an account, which all projects share.
UNSCOPED = {
    *("Collections.project", "Collections.projects", "Collections.add", "Collections.add_or_find"),
    *("Collections.keep_pack", "Collections.pack"),
    *("Tokens.add", "Tokens.prepare"),
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
    assert list(inspect.signature(methods()[name]).parameters)[:2] == ["self", "project_id"]


def test_unscoped_methods_are_still_there() -> None:
    assert methods().keys() >= UNSCOPED


MINE, CALL = "commit:1:1", Call(Address("0x" + "AB" * 20), b"\x01")
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
    return database, stranger, collection


def everything(database: Database) -> list[str]:
    """All rows, as text."""
    from sqlmodel import select

    tables = (Token, Snapshot, ChainBlock, ChainTransaction, ChainTransfer, Commit, Mint, TransactionAttempt)
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
