"""What turns cost: reserved before the platform is asked, settled once a key. The project comes first."""

from typing import NamedTuple

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.db.tables import Charge, Project

_SPENT = func.coalesce(func.sum(col(Charge.cost_micro) + col(Charge.reserved_micro)), 0)


class Spent(NamedTuple):
    """What a day has taken so far; what is reserved counts as spent."""

    messages: int
    cost_micro: int


class Charges:
    def __init__(self, session: Session) -> None:
        self._session = session

    def lock(self, project_id: int) -> None:
        """Whoever reserves for this project after us waits until this unit ends."""
        self._session.exec(select(Project.id).where(Project.id == project_id).with_for_update(key_share=True)).one()

    def reserve(self, charge: Charge) -> None:
        self._session.add(charge)
        self._session.flush()

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

    def times_of(self, project_id: int, user: str, since: int) -> list[int]:
        """When the user's messages since `since` were sent, oldest first."""
        query = (
            select(Charge.created_at)
            .where(
                Charge.project_id == project_id,
                Charge.user == user,
                col(Charge.created_at) > since,
                col(Charge.first).is_(True),
                Charge.state != "void",
            )
            .order_by(col(Charge.created_at))
        )
        return list(self._session.exec(query))

    def by_user(self, project_id: int, user: str, day: str, since: int) -> Spent:
        """`since` is the first second of the day: it lets the index help."""
        return self._spent(
            (col(Charge.project_id) == project_id)
            & (col(Charge.user) == user)
            & (col(Charge.created_at) >= since)
            & (col(Charge.day) == day)
        )

    def by_token(self, project_id: int, collection_id: int, token_id: int, day: str) -> Spent:
        return self._spent(
            (col(Charge.project_id) == project_id)
            & (col(Charge.collection_id) == collection_id)
            & (col(Charge.token_id) == token_id)
            & (col(Charge.day) == day)
        )

    def by_project(self, project_id: int, day: str) -> Spent:
        return self._spent((col(Charge.project_id) == project_id) & (col(Charge.day) == day))

    def _spent(self, which: object) -> Spent:
        counted = func.count().filter(col(Charge.first).is_(True))
        query = select(counted, _SPENT).where(which, col(Charge.state) != "void")  # type: ignore[call-overload]  # a built condition
        messages, cost = self._session.exec(query).one()
        return Spent(int(messages), int(cost))
