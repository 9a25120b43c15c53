"""Who owns what: projects and their collections."""

from sqlalchemy import BigInteger, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class Project(SQLModel, table=True):
    """A tenant."""

    __tablename__ = "project"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=100)
    created_at: int = Field(sa_type=BigInteger)


class KeptPack(SQLModel, table=True):
    """A pack that some collection is born of, kept whole: births go on with it when the packs at hand have moved on."""

    __tablename__ = "kept_pack"

    hash: str = Field(primary_key=True, max_length=64)
    pack: str = Field(max_length=80)
    """name@version"""
    data: bytes = Field(sa_type=LargeBinary)
    """As `personalities.packed` gives it."""


class Collection(SQLModel, table=True):
    """One ERC-721 contract on one chain. `contract` is empty until its deployment is mined."""

    __tablename__ = "collection"
    __table_args__ = (
        UniqueConstraint("project_id", "slug", name="uq_collection_slug"),
        UniqueConstraint("chain_id", "contract", name="uq_collection_contract"),
    )

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id", index=True)
    slug: str = Field(max_length=40)
    """Name of the collection in commands, unique in its project."""
    chain_id: int = Field(sa_type=BigInteger)
    contract: str | None = Field(default=None, max_length=42)
    """Lower case."""
    name: str = Field(max_length=100)
    symbol: str = Field(max_length=20)
    description: str = Field(default="", max_length=2000)
    origin: str = Field(max_length=200)
    """Public root of all absolute links, without a trailing slash."""
    supply: int
    kind: str = Field(default="open", max_length=10)
    """open: the seed is known from the start; blind: it comes from a block after minting has closed."""
    mode: str = Field(default="hosted", max_length=10)
    """hosted | fallback: what tokenURI points to."""
    seed: str = Field(max_length=64)
    """Collection seed of all births, hex; empty while a blind collection is not revealed."""
    pack: str = Field(max_length=80)
    """name@version"""
    pack_hash: str = Field(max_length=64)
    renderer: str = Field(default="portrait", max_length=40)
    polish: bool = False
    """Whether a model polishes the text of every birth."""
    guests: bool = True
    """Whether those who do not own a token may talk with it."""
    covered: int = 0
    """Ids below this are released, by the last mined commit."""
    last_commit: int = 0
    through_day: str = Field(default="", max_length=10)
    followed_block: int = Field(default=-1, sa_type=BigInteger)
    """Last block whose transfers are applied; -1 before the first."""
    first_block: int = Field(default=0, sa_type=BigInteger)
    """Block of the deployment."""
    created_at: int = Field(sa_type=BigInteger)
