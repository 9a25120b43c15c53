"""All tables. Importing this package registers them on `SQLModel.metadata`, which migrations are compared with.

Every tenant-scoped table carries `project_id`. Times are unix seconds (UTC). Contracts are stored in lower case.
"""

from app.db.tables.chain import ChainBlock, ChainTransaction, ChainTransfer, Commit, Mint, TransactionAttempt
from app.db.tables.chat import Charge, ChatMessage, Conversation, MessagePiece
from app.db.tables.content import Content
from app.db.tables.identity import IssuedNonce, Revocation, SessionKey
from app.db.tables.memory import DataKey, Erasure, Memory, Summary
from app.db.tables.platform import PlatformCall
from app.db.tables.tenancy import Collection, KeptPack, Project
from app.db.tables.token import Birth, Snapshot, SnapshotState, Token, Version
from app.db.tables.work import Executor, Publication, PublicationHead, Work, WorkState

__all__ = [
    "Birth",
    "ChainBlock",
    "ChainTransaction",
    "ChainTransfer",
    "Charge",
    "ChatMessage",
    "Collection",
    "Commit",
    "Content",
    "Conversation",
    "DataKey",
    "Erasure",
    "Executor",
    "IssuedNonce",
    "KeptPack",
    "Memory",
    "MessagePiece",
    "Mint",
    "PlatformCall",
    "Project",
    "Publication",
    "PublicationHead",
    "Revocation",
    "SessionKey",
    "Snapshot",
    "SnapshotState",
    "Summary",
    "Token",
    "TransactionAttempt",
    "Version",
    "Work",
    "WorkState",
]
