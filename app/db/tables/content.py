"""What the gateway may serve: our own released content, path by path."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel


class Content(SQLModel, table=True):
    """One path below one content id. Path "" is the content itself; directories have a row each for every file."""

    __tablename__ = "content"

    cid: str = Field(primary_key=True, max_length=59)
    path: str = Field(default="", primary_key=True, max_length=100)
    project_id: int = Field(foreign_key="project.id")
    target: str = Field(max_length=59)
    """Content id of the file (or directory) that this path names."""
    size: int = Field(sa_type=BigInteger)
    """Bytes of the file; 0 for a directory."""
    media_type: str = Field(max_length=60)
    """Content-Type to answer with; empty for a directory."""
    released: bool = False
    """Whether a snapshot that shows it has been published: the gateway gives nothing away before."""
