"""Tokens, births and snapshots. The project comes first in every method."""

import hashlib
from collections.abc import Collection as Several
from collections.abc import Iterable, Sequence

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.composition import Published
from app.db.tables import Birth, Snapshot, SnapshotState, Token, Version


class Tokens:
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, token: Token, birth: Birth | None, versions: Sequence[Version]) -> None:
        """A token that is there from now on, or one that was waiting and is born now, with new versions of its text,
        oldest first; the last one counts."""
        self._session.merge(token)
        self._session.flush()
        if birth is not None:
            self._session.add(birth)
        self._session.add_all(versions)

    def get(self, project_id: int, collection_id: int, token_id: int, *, lock: bool = False) -> Token | None:
        """With `lock`, others who lock it wait until this unit ends."""
        query = select(Token).where(
            Token.project_id == project_id, Token.collection_id == collection_id, Token.token_id == token_id
        )
        return self._session.exec(query.with_for_update() if lock else query).one_or_none()

    def birth(self, project_id: int, collection_id: int, token_id: int) -> Birth | None:
        query = select(Birth).where(
            Birth.project_id == project_id, Birth.collection_id == collection_id, Birth.token_id == token_id
        )
        return self._session.exec(query).one_or_none()

    def known(self, project_id: int, collection_id: int, first: int, count: int) -> set[int]:
        """Which ids of the range have a token row: born, or waiting for the reveal."""
        query = select(Token.token_id).where(
            Token.project_id == project_id,
            Token.collection_id == collection_id,
            Token.token_id >= first,
            Token.token_id < first + count,
        )
        return set(self._session.exec(query))

    def newest(self, project_id: int, collection_id: int, token_id: int) -> Snapshot | None:
        """The snapshot with the highest number, shown or not."""
        query = (
            select(Snapshot)
            .where(
                Snapshot.project_id == project_id,
                Snapshot.collection_id == collection_id,
                Snapshot.token_id == token_id,
            )
            .order_by(col(Snapshot.n).desc())
            .limit(1)
        )
        return self._session.exec(query).one_or_none()

    def prepare(self, project_id: int, collection_id: int, token_id: int, published: Published, now: int) -> Snapshot:
        """A prepared snapshot of what was composed; its number is `published.snapshot`."""
        snapshot = Snapshot(
            project_id=project_id,
            collection_id=collection_id,
            token_id=token_id,
            n=published.snapshot,
            state=SnapshotState.PREPARED,
            day=published.day,
            document=published.text.version,
            bands="".join(map(str, published.bands)),
            stage=published.stage,
            level=published.level,
            media_cid=published.directory.cid,
            document_cid=published.document.cid,
            document_sha256=hashlib.sha256(published.canonical).hexdigest(),
            renderer=published.renderer,
            canonical=published.canonical,
            hosted=published.hosted,
            hosted_gzip=published.hosted_gzip,
            hosted_br=published.hosted_br,
            hosted_sha256=hashlib.sha256(published.hosted).hexdigest(),
            diagnosis=published.diagnosis,
            created_at=now,
        )
        self._session.add(snapshot)
        return snapshot

    def born(self, project_id: int, collection_id: int, first: int, count: int) -> set[int]:
        """Which ids of the range have a birth."""
        query = select(Birth.token_id).where(
            Birth.project_id == project_id,
            Birth.collection_id == collection_id,
            Birth.token_id >= first,
            Birth.token_id < first + count,
        )
        return set(self._session.exec(query))

    def prepared(self, project_id: int, collection_id: int, first: int, count: int) -> Sequence[Snapshot]:
        """Snapshots of the range that are prepared and not yet shown, by token id."""
        query = (
            select(Snapshot)
            .where(
                Snapshot.project_id == project_id,
                Snapshot.collection_id == collection_id,
                Snapshot.token_id >= first,
                Snapshot.token_id < first + count,
                Snapshot.state == SnapshotState.PREPARED,
            )
            .order_by(col(Snapshot.token_id), col(Snapshot.n))
        )
        return self._session.exec(query).all()

    def show(self, project_id: int, collection_id: int, token_id: int, n: int) -> None:
        """Make snapshot `n` the head: what readers get from now on."""
        self._session.execute(
            update(Token)
            .where(
                col(Token.project_id) == project_id,
                col(Token.collection_id) == collection_id,
                col(Token.token_id) == token_id,
                col(Token.head) < n,
            )
            .values(head=n)
        )

    def advance(
        self, project_id: int, collection_id: int, keys: Iterable[tuple[int, int]], state: SnapshotState
    ) -> None:
        """Set the state of the snapshots (token id, n), but never back from where another run has brought them."""
        earlier = list(SnapshotState)[: list(SnapshotState).index(state)]
        for token_id, n in keys:
            self._session.execute(
                update(Snapshot)
                .where(
                    col(Snapshot.project_id) == project_id,
                    col(Snapshot.collection_id) == collection_id,
                    col(Snapshot.token_id) == token_id,
                    col(Snapshot.n) == n,
                    col(Snapshot.state).in_(earlier),
                )
                .values(state=state)
            )

    def load(self, project_id: int, collection_id: int, covered: int, number: int) -> Sequence[int]:
        """Let commit `number` carry the live snapshots of ids below `covered` that no other carries; returns the ids
        whose JSON was another one before, in order."""
        mine = (
            col(Snapshot.project_id) == project_id,
            col(Snapshot.collection_id) == collection_id,
            col(Snapshot.token_id) < covered,
        )
        self._session.execute(
            update(Snapshot)
            .where(*mine, col(Snapshot.state) == SnapshotState.LIVE, col(Snapshot.commit_number).is_(None))
            .values(commit_number=number)
        )
        changed = select(Snapshot.token_id).where(*mine, Snapshot.commit_number == number, col(Snapshot.n) > 1)
        return sorted(set(self._session.exec(changed)))

    def changed(self, project_id: int, collection_id: int, covered: int) -> bool:
        """Whether an id below `covered` shows another JSON than any commit has carried."""
        query = select(Snapshot.token_id).where(
            Snapshot.project_id == project_id,
            Snapshot.collection_id == collection_id,
            Snapshot.token_id < covered,
            Snapshot.state == SnapshotState.LIVE,
            Snapshot.n > 1,
            col(Snapshot.commit_number).is_(None),
        )
        return self._session.exec(query.limit(1)).one_or_none() is not None

    def committed(self, project_id: int, collection_id: int, number: int) -> None:
        """The snapshots that commit `number` carries are committed."""
        self._session.execute(
            update(Snapshot)
            .where(
                col(Snapshot.project_id) == project_id,
                col(Snapshot.collection_id) == collection_id,
                col(Snapshot.commit_number) == number,
                col(Snapshot.state) == SnapshotState.LIVE,
            )
            .values(state=SnapshotState.COMMITTED)
        )

    def finalized(self, project_id: int, collection_id: int, number: int) -> None:
        """Snapshots carried by commits up to `number` are final."""
        self._session.execute(
            update(Snapshot)
            .where(
                col(Snapshot.project_id) == project_id,
                col(Snapshot.collection_id) == collection_id,
                col(Snapshot.state) == SnapshotState.COMMITTED,
                col(Snapshot.commit_number) <= number,
            )
            .values(state=SnapshotState.FINALIZED)
        )

    def ready(self, project_id: int, collection_id: int) -> int:
        """How many ids from 0 on, without a gap, are live: what a commit may cover."""
        live = self._session.exec(
            select(Snapshot.token_id)
            .where(
                Snapshot.project_id == project_id,
                Snapshot.collection_id == collection_id,
                Snapshot.n == 1,
                Snapshot.state != SnapshotState.PREPARED,
            )
            .order_by(col(Snapshot.token_id))
        )
        ready = 0
        for token_id in live:
            if token_id != ready:
                break
            ready += 1
        return ready

    def own(self, project_id: int, collection_id: int, token_id: int, owner: str | None, *, burned: bool) -> bool:
        """Set who owns a token now (None: nobody); returns whether it was or is burned, which readers must see."""
        query = select(Token).where(
            Token.project_id == project_id, Token.collection_id == collection_id, Token.token_id == token_id
        )
        token = self._session.exec(query).one_or_none()
        if token is None:
            return False  # minted by a contract we adopted, before its birth here
        seen_differently = token.burned != burned
        token.owner, token.minted, token.burned = owner, owner is not None, burned
        self._session.add(token)
        return seen_differently

    def minted(self, project_id: int, collection_id: int) -> int:
        query = select(func.count()).where(
            col(Token.project_id) == project_id, col(Token.collection_id) == collection_id, col(Token.minted).is_(True)
        )
        return self._session.exec(query).one()

    def minted_ids(self, project_id: int, collection_id: int, first: int, count: int) -> set[int]:
        """Which ids of the range exist on the chain or did, as far as it was followed."""
        query = select(Token.token_id).where(
            Token.project_id == project_id,
            Token.collection_id == collection_id,
            Token.token_id >= first,
            Token.token_id < first + count,
            col(Token.minted).is_(True) | col(Token.burned).is_(True),
        )
        return set(self._session.exec(query))

    def snapshots(self, project_id: int, collection_id: int, token_ids: Several[int]) -> Sequence[Snapshot]:
        """All snapshots of some tokens, oldest first."""
        query = (
            select(Snapshot)
            .where(
                Snapshot.project_id == project_id,
                Snapshot.collection_id == collection_id,
                col(Snapshot.token_id).in_(token_ids),
            )
            .order_by(col(Snapshot.token_id), col(Snapshot.n))
        )
        return self._session.exec(query).all()
