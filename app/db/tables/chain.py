"""What we know of chains and what we have sent to them."""

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class ChainBlock(SQLModel, table=True):
    """Hash of a followed block that is not yet final, so that a reorg can be recognised and rewound."""

    __tablename__ = "chain_block"

    collection_id: int = Field(foreign_key="collection.id", primary_key=True)
    number: int = Field(primary_key=True, sa_type=BigInteger)
    hash: str = Field(max_length=66)


class ChainTransfer(SQLModel, table=True):
    """An ERC-721 Transfer as followed from the chain; removed again when its block is."""

    __tablename__ = "chain_transfer"
    __table_args__ = (Index("ix_chain_transfer_token", "collection_id", "token_id", "block_number", "log_index"),)

    collection_id: int = Field(foreign_key="collection.id", primary_key=True)
    block_number: int = Field(primary_key=True, sa_type=BigInteger)
    log_index: int = Field(primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    block_hash: str = Field(max_length=66)
    transaction_hash: str = Field(max_length=66)
    token_id: int
    sender: str = Field(max_length=42)
    receiver: str = Field(max_length=42)


class ChainTransaction(SQLModel, table=True):
    """One thing to be done on a chain, once. `key` names it (deploy:1, commit:1:4, mint:1:0-49); `state` is one of
    planned, signed, sent, mined, finalized, failed."""

    __tablename__ = "chain_transaction"
    __table_args__ = (UniqueConstraint("chain_id", "sender", "nonce", name="uq_chain_transaction_nonce"),)

    id: int | None = Field(default=None, primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    collection_id: int = Field(foreign_key="collection.id", index=True)
    key: str = Field(unique=True, max_length=120)
    chain_id: int = Field(sa_type=BigInteger)
    sender: str = Field(max_length=42)
    nonce: int | None = Field(default=None, sa_type=BigInteger)
    receiver: str | None = Field(default=None, max_length=42)
    """None for a deployment."""
    data: bytes = Field(sa_type=LargeBinary)
    gas_limit: int | None = Field(default=None, sa_type=BigInteger)
    state: str = Field(default="planned", max_length=10)
    hash: str | None = Field(default=None, max_length=66)
    """Of the attempt that was mined."""
    block_number: int | None = Field(default=None, sa_type=BigInteger)
    block_hash: str | None = Field(default=None, max_length=66)
    contract: str | None = Field(default=None, max_length=42)
    gas_used: int | None = Field(default=None, sa_type=BigInteger)
    error_code: str = Field(default="", max_length=40)
    error: str = Field(default="", max_length=500)
    created_at: int = Field(sa_type=BigInteger)


class TransactionAttempt(SQLModel, table=True):
    """A signed form of a transaction, stored before it is sent. All attempts of one transaction share its nonce."""

    __tablename__ = "transaction_attempt"

    hash: str = Field(primary_key=True, max_length=66)
    transaction_id: int = Field(foreign_key="chain_transaction.id", index=True)
    raw: bytes = Field(sa_type=LargeBinary)
    max_fee: int = Field(sa_type=BigInteger)
    """Wei per gas."""
    max_priority_fee: int = Field(sa_type=BigInteger)
    signed_at: int = Field(sa_type=BigInteger)


class Commit(SQLModel, table=True):
    """Commit number `number` of a collection: what it covers and the transaction that carries it."""

    __tablename__ = "commit"

    collection_id: int = Field(foreign_key="collection.id", primary_key=True)
    number: int = Field(primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    covered: int
    transaction_id: int = Field(foreign_key="chain_transaction.id")
    created_at: int = Field(sa_type=BigInteger)


class Mint(SQLModel, table=True):
    """The plan for one token's mint. A token has one plan at most, so no one is minted twice."""

    __tablename__ = "mint"

    collection_id: int = Field(foreign_key="collection.id", primary_key=True)
    token_id: int = Field(primary_key=True)
    project_id: int = Field(foreign_key="project.id")
    receiver: str = Field(max_length=42)
    transaction_id: int | None = Field(default=None, foreign_key="chain_transaction.id")
