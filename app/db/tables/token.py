"""What a token is, was, and shows."""

from enum import StrEnum

from sqlalchemy import BigInteger, Index, LargeBinary
from sqlmodel import Field, SQLModel


class SnapshotState(StrEnum):
    PREPARED = "prepared"
    """Stored, pinned and read back; not shown."""
    LIVE = "live"
    """Shown by every process; caches purged."""
    COMMITTED = "committed"
    """Covered by a mined commit."""
    FINALIZED = "finalized"
    """That commit is in a finalized block."""


class Token(SQLModel, table=True):
    """A token id that has been born. `head` is the snapshot shown now; 0 while sealed."""

    __tablename__ = "token"

    collection_id: int = Field(foreign_key="collection.id", primary_key=True)
    token_id: int = Field(primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    name: str = Field(max_length=200)
    head: int = 0
    owner: str | None = Field(default=None, max_length=42, index=True)
    """Lower case; None while unminted or after the burn."""
    minted: bool = False
    burned: bool = False


class Birth(SQLModel, table=True):
    """The immutable personality a token was born with, and its document."""

    __tablename__ = "birth"

    collection_id: int = Field(foreign_key="collection.id", primary_key=True)
    token_id: int = Field(primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    personality: bytes = Field(sa_type=LargeBinary)
    """Canonical JSON of `personalities.Personality`."""
    beauvoir: str
    """BEAUVOIR.md, version `document`."""
    beauvoir_sha256: str = Field(max_length=64)
    beauvoir_cid: str = Field(max_length=59)
    document: int = 1


class Snapshot(SQLModel, table=True):
    """Published state number `n` of a token: the canonical document, and the hosted answer ready to send."""

    __tablename__ = "snapshot"
    __table_args__ = (Index("ix_snapshot_state", "collection_id", "state"),)

    collection_id: int = Field(foreign_key="collection.id", primary_key=True)
    token_id: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    state: str = Field(max_length=10)
    day: str = Field(max_length=10)
    bands: str = Field(max_length=16)
    """16 digits 0–6, in the order of the dials."""
    stage: str = Field(max_length=20)
    level: int
    media_cid: str = Field(max_length=59)
    document_cid: str = Field(max_length=59)
    document_sha256: str = Field(max_length=64)
    renderer: str = Field(max_length=120)
    """name@version+hash of the renderer."""
    canonical: bytes = Field(sa_type=LargeBinary)
    hosted: bytes = Field(sa_type=LargeBinary)
    hosted_gzip: bytes = Field(sa_type=LargeBinary)
    hosted_br: bytes = Field(sa_type=LargeBinary)
    hosted_sha256: str = Field(max_length=64)
    diagnosis: bytes = Field(sa_type=LargeBinary)
    """JSON report of the consumer rules, computed when the snapshot was made."""
    created_at: int = Field(sa_type=BigInteger)
    """Time of the snapshot: what Last-Modified says."""
    commit_number: int | None = None
