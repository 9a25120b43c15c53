"""Keys, memories and summaries of scopes. A scope holds its project."""

import json
from collections.abc import Collection, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import ColumnElement, delete, update
from sqlmodel import Session, col, select

from app.db.repositories.adding import add_or_find
from app.db.tables import DataKey, Memory, Summary
from app.folding import Digest
from app.provenance.sealing import Box
from app.remembering import Remembered
from app.scope import Scope

Scoped = TypeVar("Scoped", DataKey, Memory, Summary)


def _bound(table: type[DataKey] | type[Memory] | type[Summary]) -> tuple[ColumnElement[bool], ...]:
    """That a row is of the scope whose columns are the values."""
    names = ("project_id", "collection_id", "token_id", "tenure", "user")
    return tuple(col(getattr(table, name)) == sa.bindparam(name) for name in names)


# Built once: making these statements takes longer than running them, and they stand between a message and its answer.
_KEY = sa.select(DataKey).where(*_bound(DataKey))
_KEY_LOCKED = _KEY.with_for_update()
_FACTS = sa.select(Memory).where(*_bound(Memory)).order_by(col(Memory.id))
_SUMMARY = sa.select(Summary).where(*_bound(Summary))


class Memories:
    def __init__(self, session: Session) -> None:
        self._session = session

    # --- keys

    def key(self, scope: Scope, *, lock: bool = False) -> DataKey | None:
        """With `lock`, others who lock it wait until this unit ends."""
        query = _KEY_LOCKED if lock else _KEY
        return self._session.execute(query, columns(scope)).scalar_one_or_none()

    def add_key(self, scope: Scope, wrapped: bytes, now: int) -> DataKey:
        """The key of a scope that has none, or the one that somebody else added at the same moment."""
        row = DataKey(**columns(scope), wrapped=wrapped, created_at=now)
        return add_or_find(self._session, row, lambda: self.key(scope, lock=True))

    def seal(self, project_id: int, collection_id: int, token_id: int, tenure: int, now: int) -> int:
        """Seal the scopes of the tenures before `tenure`; returns how many were open. One that is sealed though its
        tenure is not over, because a reorg undid the transfer, is opened again."""
        mine = (
            col(DataKey.project_id) == project_id,
            col(DataKey.collection_id) == collection_id,
            col(DataKey.token_id) == token_id,
        )
        self._session.execute(
            update(DataKey)
            .where(*mine, col(DataKey.tenure) >= tenure, col(DataKey.sealed_at).is_not(None))
            .values(sealed_at=None)
        )
        older = (*mine, col(DataKey.tenure) < tenure, col(DataKey.sealed_at).is_(None))
        newly = self._session.exec(select(DataKey.id).where(*older)).all()
        if newly:
            self._session.execute(update(DataKey).where(*older).values(sealed_at=now))
        return len(newly)

    # --- memories

    def facts(self, scope: Scope) -> Sequence[Memory]:
        """All of one scope, in the order they were first told."""
        return self._session.execute(_FACTS, columns(scope)).scalars().all()

    def save(self, row: DataKey | Memory | Summary) -> None:
        self._session.add(row)
        self._session.flush()

    def drop(self, scope: Scope, memory_ids: Collection[int]) -> None:
        self._session.execute(delete(Memory).where(*of(Memory, scope), col(Memory.id).in_(memory_ids)))

    def use(self, scope: Scope, memory_ids: Collection[int], now: int) -> None:
        """Say that these were part of a prompt."""
        these = update(Memory).where(*of(Memory, scope), col(Memory.id).in_(memory_ids))
        self._session.execute(these.values(used_at=now))

    # --- the rolling summary

    def summary(self, scope: Scope) -> Summary | None:
        return self._session.execute(_SUMMARY, columns(scope)).scalar_one_or_none()

    def drop_summary(self, scope: Scope) -> None:
        self._session.execute(delete(Summary).where(*of(Summary, scope)))


def columns(scope: Scope) -> dict[str, Any]:
    """The columns of a row of a scope."""
    return {
        "project_id": scope.project_id,
        "collection_id": scope.collection_id,
        "token_id": scope.token_id,
        "tenure": scope.tenure,
        "user": scope.user,
    }


def of(table: type[Scoped], scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """That a row is of one scope and no other."""
    return (
        col(table.project_id) == scope.project_id,
        col(table.collection_id) == scope.collection_id,
        col(table.token_id) == scope.token_id,
        col(table.tenure) == scope.tenure,
        col(table.user) == scope.user,
    )


def scope_of(row: DataKey | Memory | Summary) -> Scope:
    return Scope(row.project_id, row.collection_id, row.token_id, row.tenure, row.user)


def opened(row: Memory, box: Box) -> Remembered:
    """Raises Unreadable."""
    text, words, when, relation = json.loads(box.open(row.sealed))
    assert row.id is not None
    return Remembered(row.id, row.kind, text, words, row.day, when, relation, row.importance, row.valid_to, row.used_at)


def digest(row: Summary, box: Box) -> Digest:
    """Raises Unreadable."""
    return Digest.from_json(json.loads(box.open(row.sealed)))
