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
    document: int = 1
    """Number of the newest version of BEAUVOIR.md: whoever adds one compares and sets this. Readers get the version of
    the snapshot that is shown."""
    owner: str | None = Field(default=None, max_length=42, index=True)
    """Lower case; None while unminted or after the burn."""
    minted: bool = False
    burned: bool = False


class Birth(SQLModel, table=True):
    """The immutable personality a token was born with."""

    __tablename__ = "birth"

    collection_id: int = Field(foreign_key="collection.id", primary_key=True)
    token_id: int = Field(primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    personality: bytes = Field(sa_type=LargeBinary)
    """Canonical JSON of `personalities.Personality`."""
    introduction: str = ""
    """A line in the agent's own voice, for pages."""


class Version(SQLModel, table=True):
    """One version of a token's BEAUVOIR.md. Rows are only ever added; `Token.document` names the one that counts."""

    __tablename__ = "version"

    collection_id: int = Field(foreign_key="collection.id", primary_key=True)
    token_id: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    parent: int | None = None
    """The version this one was made from; None for the first."""
    trigger: str = Field(max_length=20)
    """placeholder | birth | polish | rollback | manual"""
    document: str
    sha256: str = Field(max_length=64)
    cid: str = Field(max_length=59)
    dials: str
    """The 16 dial values the text was written for, as canonical JSON."""
    signals: str
    """The birth signals, as canonical JSON."""
    seed: str = Field(max_length=64)
    pack_hash: str = Field(max_length=64)
    prompt_hash: str = Field(default="", max_length=64)
    """sha256 of the prompt, when a model wrote it."""
    model: str = Field(default="", max_length=100)
    created_at: int = Field(sa_type=BigInteger)


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
    document: int = 1
    """Number of the version of BEAUVOIR.md that this snapshot shows."""
    bands: str = Field(max_length=16)
    """16 digits 0–6, in the order of the dials; empty before the reveal."""
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
    """JSON report of the consumer rules, computed when the snapshot was made; brotli-compressed."""
    created_at: int = Field(sa_type=BigInteger)
    """Time of the snapshot: what Last-Modified says."""
    commit_number: int | None = None
