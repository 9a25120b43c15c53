"""What turns cost: reserved before the platform is asked, settled once a key. The project comes first."""

from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.db.repositories.adding import table_of
from app.db.tables import Charge, Project


class Spent(NamedTuple):
    """What a day has taken so far; what is reserved counts as spent."""

    messages: int
    cost_micro: int


class Recent(NamedTuple):
    messages: int
    first: int
    """When the oldest of them was sent; 0 when there is none."""


_LIVE = (col(Charge.project_id) == sa.bindparam("project")) & (col(Charge.state) != "void")
_MINE = _LIVE & (col(Charge.user) == sa.bindparam("user"))


def _both(which: sa.ColumnElement[bool]) -> list[sa.ScalarSelect[Any]]:
    """Messages and micro-USD of the charges that are meant."""
    cost = func.sum(col(Charge.cost_micro) + col(Charge.reserved_micro))
    return [
        sa.select(func.count()).where(which, col(Charge.first).is_(True)).scalar_subquery(),
        sa.select(cost).where(which).scalar_subquery(),
    ]


_RECENT = _MINE & (col(Charge.created_at) > sa.bindparam("minute")) & col(Charge.first).is_(True)
_TODAY = col(Charge.day) == sa.bindparam("day")
# One statement, built once: this stands between a message and its first word.
_SPENT_SO_FAR = sa.select(
    *_both(_MINE & (col(Charge.created_at) >= sa.bindparam("start")) & _TODAY),
    *_both(
        _LIVE
        & (col(Charge.collection_id) == sa.bindparam("collection"))
        & (col(Charge.token_id) == sa.bindparam("token"))
        & _TODAY
    ),
    *_both(_LIVE & _TODAY),
    sa.select(func.count()).where(_RECENT).scalar_subquery(),
    sa.select(func.min(Charge.created_at)).where(_RECENT).scalar_subquery(),
)
_LOCK = sa.select(col(Project.id)).where(col(Project.id) == sa.bindparam("id")).with_for_update(key_share=True)
_RESERVE = sa.insert(table_of(Charge))


class Charges:
    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self, project_id: int) -> None:
        """Whoever reserves for this project after us waits until this unit ends."""
        self._session.execute(_LOCK, {"id": project_id}).one()

    def reserve(self, charge: Charge) -> None:
        self._session.execute(_RESERVE, charge.model_dump())

    def settle(
        self,
        project_id: int,
        key: str,
        *,
        cost_micro: int,
        prompt_tokens: int,
        completion_tokens: int,
        estimated: bool,
        now: int,
        void: bool = False,
    ) -> bool:
        """Settle a reservation, once; False when it was settled before, or is not there."""
        done = self._session.execute(
            update(Charge)
            .where(col(Charge.project_id) == project_id, col(Charge.key) == key, col(Charge.state) == "reserved")
            .values(
                state="void" if void else "settled",
                reserved_micro=0,
                cost_micro=cost_micro,
                prompt_tokens=prompt_tokens,
                completion_tokens=completion_tokens,
                estimated=estimated,
                settled_at=now,
            )
        )
        return bool(done.rowcount)  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult

    def of_message(self, project_id: int, conversation_id: str, number: int) -> list[Charge]:
        query = (
            select(Charge)
            .where(
                Charge.project_id == project_id,
                Charge.conversation_id == conversation_id,
                Charge.number == number,
            )
            .order_by(col(Charge.first).desc(), col(Charge.created_at), col(Charge.key))
        )
        return list(self._session.exec(query).all())

    def spent(
        self, project_id: int, collection_id: int, token_id: int, user: str, *, day: str, day_start: int, minute: int
    ) -> tuple[Spent, Spent, Spent, Recent]:
        """What a day has taken so far, by the user, the token and the project, and what the user sent since the second
        `minute`. `day_start` is the first second of `day`: it lets an index help."""
        found = self._session.execute(
            _SPENT_SO_FAR,
            {
                "project": project_id,
                "collection": collection_id,
                "token": token_id,
                "user": user,
                "day": day,
                "start": day_start,
                "minute": minute,
            },
        ).one()
        numbers = [int(number or 0) for number in found]
        return Spent(*numbers[0:2]), Spent(*numbers[2:4]), Spent(*numbers[4:6]), Recent(*numbers[6:8])
