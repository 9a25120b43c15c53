"""Sums over charges: what was spent, by one thing or another. The project comes first. Void charges are left out."""

from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import and_, case, func, literal, select
from sqlmodel import Session, col

from app.db.tables import Charge, ChatMessage

Dimension = Literal["day", "token", "pool", "task", "model", "all"]

_MODEL: Final = func.coalesce(col(ChatMessage.model), "")
_KEYS: Final[dict[Dimension, tuple[Any, ...]]] = {
    "day": (col(Charge.day),),
    "token": (col(Charge.collection_id), col(Charge.token_id)),
    "pool": (col(Charge.pool),),
    "task": (col(Charge.task),),
    "model": (_MODEL,),
    "all": (),
}


class Sums(NamedTuple):
    """Of the charges that have `key` in common: a day, (collection id, token id), a pool, a task, or a model."""

    key: tuple[Any, ...]
    replies: int
    """Each once, however many charges it needed."""
    prompt_tokens: int
    completion_tokens: int
    cost_micro: int
    """Settled."""
    estimated_micro: int
    """Part of it that the platform did not say, by the price list."""
    reserved_micro: int
    """For replies under way."""


class Costs:
    def __init__(self, session: Session) -> None:
        self._session = session

    def grouped(
        self,
        project_id: int,
        by: Dimension,
        first_day: str,
        last_day: str,
        *,
        collection_id: int | None = None,
        most: int | None = None,
    ) -> Sequence[Sums]:
        """Sums of the days from `first_day` to `last_day`, both included; the dearest first, days in their order, at
        most `most`. `model` is that of the reply, and empty where it is not known or was deleted."""
        keys = _KEYS[by]
        cost = func.coalesce(func.sum(col(Charge.cost_micro)), 0)
        query = select(
            *(keys or (literal(0),)),
            func.count().filter(col(Charge.first).is_(True)),
            func.coalesce(func.sum(col(Charge.prompt_tokens)), 0),
            func.coalesce(func.sum(col(Charge.completion_tokens)), 0),
            cost,
            func.coalesce(func.sum(case((col(Charge.estimated).is_(True), col(Charge.cost_micro)), else_=0)), 0),
            func.coalesce(func.sum(col(Charge.reserved_micro)), 0),
        ).where(
            col(Charge.project_id) == project_id,
            col(Charge.day) >= first_day,
            col(Charge.day) <= last_day,
            col(Charge.state) != "void",
        )
        if by == "model":
            query = query.select_from(Charge).join(
                ChatMessage,
                and_(
                    col(ChatMessage.conversation_id) == col(Charge.conversation_id),
                    col(ChatMessage.number) == col(Charge.number),
                ),
                isouter=True,
            )
        if collection_id is not None:
            query = query.where(col(Charge.collection_id) == collection_id)
        query = query.group_by(*keys)
        query = query.order_by(*keys) if by == "day" else query.order_by(cost.desc(), *keys)
        rows = self._session.execute(query if most is None else query.limit(most)).all()
        width = len(keys) or 1
        return [Sums(tuple(row[:width]), *(int(value) for value in row[width:])) for row in rows]

    def first_day(self, project_id: int, *, collection_id: int | None = None) -> str | None:
        """Day of the earliest charge."""
        query = select(func.min(col(Charge.day))).where(
            col(Charge.project_id) == project_id, col(Charge.state) != "void"
        )
        if collection_id is not None:
            query = query.where(col(Charge.collection_id) == collection_id)
        found: str | None = self._session.execute(query).scalar_one()
        return found
