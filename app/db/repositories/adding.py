"""Adding rows: one that another transaction may be adding at the same moment, and many, or often, without objects."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Table
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

Row = TypeVar("Row", bound=SQLModel)


def add_or_find(session: Session, row: Row, find: Callable[[], Row | None]) -> Row:
    """`row`, added, or the one that `find` finds because somebody was faster (PostgreSQL; SQLite has one writer)."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        found = find()
        if found is None:
            raise
        return found
    return row


def table_of(row: type[SQLModel]) -> Table:
    """The table itself: inserting into it costs a third of inserting through its class."""
    table = row.__table__  # type: ignore[attr-defined]  # SQLModel sets it for every class with table=True
    assert isinstance(table, Table)
    return table
