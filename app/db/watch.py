"""A glance at the head of publications, as cheap as a database allows.

Every server takes it twenty times a second, beside a hot path that shares its interpreter: so it holds a connection of
its own and speaks to the driver directly. A session would take a hundred times as long and show in the slowest reads.
"""

from typing import Any

from app.db.database import Database

_HEAD = "SELECT seq FROM publication_head WHERE id = 1"


class PublicationWatch:
    """Used by one thread. Any failure closes the connection; the next call makes a new one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None

    def head(self) -> int:
        """Number of the newest publication; raises what the driver raises."""
        try:
            if self._connection is None:
                self._connection = self._database.engine.raw_connection()
                if not self._database.is_sqlite:  # SQLite reads outside a transaction by itself, as it is set up
                    self._connection.driver_connection.autocommit = True
            cursor = self._connection.cursor()
            try:
                cursor.execute(_HEAD)
                return int(cursor.fetchone()[0])
            finally:
                cursor.close()
        except Exception:
            self.close()
            raise

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
