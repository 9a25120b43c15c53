"""All tables. Importing this package registers them on `SQLModel.metadata`, which migrations are compared with.

Every tenant-scoped table carries `project_id`. Times are unix seconds (UTC). Contracts are stored in lower case.
"""

from app.db.tables.chain import ChainBlock, ChainTransaction, ChainTransfer, Commit, Mint, TransactionAttempt
from app.db.tables.content import Content
from app.db.tables.tenancy import Collection, KeptPack, Project
from app.db.tables.token import Birth, Snapshot, SnapshotState, Token, Version
from app.db.tables.work import Executor, Publication, PublicationHead, Work, WorkState

__all__ = [
    "Birth",
    "ChainBlock",
    "ChainTransaction",
    "ChainTransfer",
    "Collection",
    "Commit",
    "Content",
    "Executor",
    "KeptPack",
    "Mint",
    "Project",
    "Publication",
    "PublicationHead",
    "Snapshot",
    "SnapshotState",
    "Token",
    "TransactionAttempt",
    "Version",
    "Work",
    "WorkState",
]
