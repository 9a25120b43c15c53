"""The one file of the embedded chain: py-evm's key-value database and our own indexes, in SQLite.

Every block is one SQLite transaction (`with store.transaction()`), so a process killed at any moment leaves either the
whole block or nothing of it. SQLite runs in WAL mode with full sync: what was committed was on the disk. The file is
opened exclusively: a second process gets Conflict until the first one ends, however it ends.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth.db.backends.base import BaseDB

from app.errors import ConfigurationError, Conflict

SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE kv (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE setting (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE log (
  block INTEGER NOT NULL, position INTEGER NOT NULL, block_hash BLOB NOT NULL, block_time INTEGER NOT NULL,
  tx_hash BLOB NOT NULL, tx_position INTEGER NOT NULL, address BLOB NOT NULL,
  topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL,
  PRIMARY KEY (block, position)
) WITHOUT ROWID;
CREATE INDEX log_by_address ON log (address, block);
CREATE INDEX log_by_topic ON log (topic0, block);
CREATE TABLE queued (
  sender BLOB NOT NULL, nonce INTEGER NOT NULL, hash BLOB NOT NULL UNIQUE, raw BLOB NOT NULL,
  PRIMARY KEY (sender, nonce)
) WITHOUT ROWID;
CREATE TABLE snapshot (id INTEGER PRIMARY KEY AUTOINCREMENT, block INTEGER NOT NULL, time_offset INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class LogRow:
    """One event log and where it lies in the chain."""

    block: int
    position: int
    """Index within the block."""
    block_hash: bytes
    block_time: int
    tx_hash: bytes
    tx_position: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


class Store(BaseDB):
    """A `bytes → bytes` mapping for py-evm, plus tables for logs, queued transactions, snapshots and settings."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2)
        try:
            self._open(path)
        except BaseException:
            self._db.close()
            raise

    def _open(self, path: Path) -> None:
        try:
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            with self.transaction():  # taking the write lock once keeps it: the locking mode is exclusive
                version = self._db.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    for statement in _SCHEMA.split(";"):
                        self._db.execute(statement)
                    self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            raise Conflict(
                "Another process has this chain open.",
                hint="Use the running chain by its URL, stop it, or give this one another data folder.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(
                [f"{path.name} is not a chain database ({error}); name another data folder, or delete it to start anew"]
            ) from error
        if version not in (0, SCHEMA_VERSION):
            raise ConfigurationError([f"{path.name} was written by another version (schema {version}); delete it"])

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # --- key-value, as py-evm wants it ---

    def __getitem__(self, key: bytes) -> bytes:
        row = self._db.execute("SELECT value FROM kv WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        value: bytes = row[0]
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self._write("INSERT INTO kv VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (key, value))

    def __delitem__(self, key: bytes) -> None:
        if self._write("DELETE FROM kv WHERE key = ?", (key,)) == 0:
            raise KeyError(key)

    def _exists(self, key: bytes) -> bool:
        return self._db.execute("SELECT 1 FROM kv WHERE key = ?", (key,)).fetchone() is not None

    # --- settings ---

    def setting(self, name: str, default: int | None = None) -> int | None:
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return default if row is None else int(row[0])

    def set_setting(self, name: str, value: int | None) -> None:
        """None removes it."""
        if value is None:
            self._write("DELETE FROM setting WHERE name = ?", (name,))
        else:
            self._write(
                "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", (name, value)
            )

    # --- logs ---

    def add_logs(self, rows: Iterable[LogRow]) -> None:
        for row in rows:
            topics = row.topics + (None,) * (4 - len(row.topics))
            where = (row.block, row.position, row.block_hash, row.block_time, row.tx_hash, row.tx_position)
            self._write("INSERT INTO log VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", (*where, row.address, *topics, row.data))

    def find_logs(
        self, first: int, last: int, addresses: Sequence[bytes] = (), topics: Sequence[Sequence[bytes]] = ()
    ) -> list[LogRow]:
        """Logs of blocks first..last, inclusive, in chain order. An empty list of addresses or topics means any."""
        where = ["block BETWEEN ? AND ?"]
        values: list[int | bytes] = [first, last]
        columns = [("address", addresses), *((f"topic{i}", wanted) for i, wanted in enumerate(topics))]
        for column, wanted in columns:
            if wanted:
                where.append(f"{column} IN ({','.join('?' * len(wanted))})")
                values.extend(wanted)
        query = f"SELECT * FROM log WHERE {' AND '.join(where)} ORDER BY block, position"  # noqa: S608 only our own words
        return [_log(row) for row in self._db.execute(query, values)]

    # --- transactions that wait for an earlier nonce ---

    def queue(self, sender: bytes, nonce: int, tx_hash: bytes, raw: bytes) -> None:
        self._write("INSERT OR REPLACE INTO queued VALUES (?, ?, ?, ?)", (sender, nonce, tx_hash, raw))

    def unqueue(self, sender: bytes, below: int) -> None:
        """Drop what can no longer be mined: nonces under `below`."""
        self._write("DELETE FROM queued WHERE sender = ? AND nonce < ?", (sender, below))

    def queued(self, sender: bytes, nonce: int) -> bytes | None:
        row = self._db.execute("SELECT raw FROM queued WHERE sender = ? AND nonce = ?", (sender, nonce)).fetchone()
        return None if row is None else bytes(row[0])

    def queued_by_hash(self, tx_hash: bytes) -> bytes | None:
        row = self._db.execute("SELECT raw FROM queued WHERE hash = ?", (tx_hash,)).fetchone()
        return None if row is None else bytes(row[0])

    def all_queued(self) -> list[bytes]:
        return [bytes(row[0]) for row in self._db.execute("SELECT raw FROM queued ORDER BY sender, nonce")]

    # --- snapshots ---

    def add_snapshot(self, block: int, time_offset: int) -> int:
        cursor = self._db.execute("INSERT INTO snapshot (block, time_offset) VALUES (?, ?)", (block, time_offset))
        return int(cursor.lastrowid or 0)

    def take_snapshot(self, number: int) -> tuple[int, int] | None:
        """Block and time offset of a snapshot, which is used up together with all later ones."""
        row = self._db.execute("SELECT block, time_offset FROM snapshot WHERE id = ?", (number,)).fetchone()
        self._write("DELETE FROM snapshot WHERE id >= ?", (number,))
        return None if row is None else (int(row[0]), int(row[1]))

    def forget_after(self, block: int) -> None:
        """Drop logs above `block` and all queued transactions."""
        self._write("DELETE FROM log WHERE block > ?", (block,))
        self._write("DELETE FROM queued", ())

    def _write(self, statement: str, values: Sequence[object]) -> int:
        assert self._db.in_transaction, "writes belong into a transaction, or a kill could leave half a block"
        return self._db.execute(statement, values).rowcount


def _log(row: tuple[Any, ...]) -> LogRow:
    block, position, block_hash, block_time, tx_hash, tx_position, address, *topics, data = row
    present = tuple(topic for topic in topics if topic is not None)
    return LogRow(block, position, block_hash, block_time, tx_hash, tx_position, address, present, data)
