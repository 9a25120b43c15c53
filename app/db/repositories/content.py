"""What the gateway may serve."""

from collections.abc import Collection as Several
from collections.abc import Iterable, Sequence

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from app.composition import MEDIA_TYPES, Published
from app.db.tables import Content
from app.provenance import unixfs


class Contents:
    def __init__(self, session: Session) -> None:
        self._session = session

    def register(self, project_id: int, published: Published) -> None:
        """Let the gateway serve a snapshot's content: the media directory, each file in it by path and by its own id,
        and the document. The same bytes may belong to several tokens: what is there stays."""

        def row(cid: str, path: str, target: str, size: int, media_type: str) -> Content:
            return Content(cid=cid, path=path, project_id=project_id, target=target, size=size, media_type=media_type)

        root = published.directory.cid
        rows = [row(root, "", root, 0, "")]
        for name, data in sorted(published.media.items()):
            file = unixfs.file(data)
            media_type = MEDIA_TYPES[name.rpartition(".")[2]]
            rows.append(row(root, name, file.cid, file.size, media_type))
            rows.append(row(file.cid, "", file.cid, file.size, media_type))
        document = published.document
        rows.append(row(document.cid, "", document.cid, document.size, MEDIA_TYPES["json"]))
        self.add(rows)

    def add(self, rows: Iterable[Content]) -> None:
        """Register content. The same bytes may belong to several tokens, even born at the same moment: what is there
        stays. The order is the same for everyone, so that two who add the same wait and do not block each other."""
        dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
        values = [row.model_dump() for row in sorted(rows, key=lambda row: (row.cid, row.path))]
        if values:
            self._session.execute(dialect.insert(Content).on_conflict_do_nothing(), values)

    def release(self, roots: Several[str]) -> None:
        """Open what snapshots show: media directories with all their files, and documents."""
        inside = select(Content.target).where(col(Content.cid).in_(roots))
        opened = col(Content.cid).in_(roots) | col(Content.cid).in_(inside)
        self._session.execute(update(Content).where(opened).values(released=True))

    def find(self, cid: str, path: str) -> Content | None:
        """What may be served under this path of this content id."""
        found = self._session.get(Content, (cid, path))
        return found if found is not None and found.released else None

    def below(self, cid: str) -> Sequence[Content]:
        """The files of a directory, by path."""
        query = select(Content).where(Content.cid == cid, Content.path != "").order_by(col(Content.path))
        return self._session.exec(query).all()
