"""Projects and collections. Every method but the lookup by address takes the project first."""

from collections.abc import Sequence
from pathlib import Path

import brotli
from sqlmodel import Session, col, select

from app.db.repositories.adding import add_or_find
from app.db.tables import Collection, KeptPack, Project
from personalities import load_pack, packed


class Collections:
    def __init__(self, session: Session) -> None:
        self._session = session

    def project(self, name: str, now: int) -> Project:
        """The project of that name, made when it does not exist."""

        def find() -> Project | None:
            return self._session.exec(select(Project).where(Project.name == name)).one_or_none()

        return find() or add_or_find(self._session, Project(name=name, created_at=now), find)

    def projects(self) -> Sequence[Project]:
        return self._session.exec(select(Project).order_by(col(Project.id))).all()

    def add(self, collection: Collection) -> Collection:
        self._session.add(collection)
        self._session.flush()
        return collection

    def add_or_find(self, collection: Collection) -> Collection:
        """`collection`, or the one of its slug that somebody else added at the same moment."""
        project_id, slug = collection.project_id, collection.slug
        return add_or_find(self._session, collection, lambda: self.by_slug(project_id, slug))

    def get(self, project_id: int, collection_id: int, *, lock: bool = False) -> Collection:
        """With `lock`, others who lock it wait until this unit ends: for what looks first and then adds rows."""
        query = select(Collection).where(Collection.project_id == project_id, Collection.id == collection_id)
        return self._session.exec(query.with_for_update(key_share=True) if lock else query).one()

    def by_slug(self, project_id: int, slug: str) -> Collection | None:
        query = select(Collection).where(Collection.project_id == project_id, Collection.slug == slug)
        return self._session.exec(query).one_or_none()

    def of(self, project_id: int) -> Sequence[Collection]:
        query = select(Collection).where(Collection.project_id == project_id).order_by(col(Collection.id))
        return self._session.exec(query).all()

    def keep_pack(self, name_or_path: str | Path) -> KeptPack:
        """Keep a pack, if it is not there yet. Raises PackError."""
        pack = load_pack(name_or_path)
        found = self.pack(pack.hash)
        if found is not None:
            return found
        row = KeptPack(hash=pack.hash, pack=pack.id, data=brotli.compress(packed(name_or_path), quality=9))
        return add_or_find(self._session, row, lambda: self.pack(pack.hash))

    def pack(self, pack_hash: str) -> KeptPack | None:
        return self._session.get(KeptPack, pack_hash)

    def deployed(self, project_id: int) -> Sequence[Collection]:
        return [collection for collection in self.of(project_id) if collection.contract is not None]
