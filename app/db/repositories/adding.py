"""Adding a row that another transaction may be adding at the same moment."""

from collections.abc import Callable
from typing import TypeVar

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
