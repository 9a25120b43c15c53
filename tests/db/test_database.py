"""The unit of work: all or nothing, in turn, readers never wait, and what is down is told from what is wrong."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from app.db.database import Database
from app.db.migrate import migrate
from app.errors import ConfigurationError, Conflict, DatabaseUnavailable
from tests import parts
from tests.db import rows


def names(database: Database) -> list[str]:
    with database.read() as unit:
        return [project.name for project in unit.collections.projects()]


# --- all or nothing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Conflict("no"), ValueError("no"), KeyboardInterrupt()], ids=repr)
def test_write_that_raises_leaves_nothing(database: Database, error: BaseException) -> None:
    def write() -> None:
        with database.write() as unit:
            unit.collections.project("gone", 1)
            unit.flush()
            raise error

    with pytest.raises(type(error)):
        write()
    assert names(database) == []


def test_write_is_seen_by_nobody_before_its_end(database: Database) -> None:
    with database.write() as unit:
        unit.collections.project("early", 1)
        unit.flush()
        assert names(database) == []
    assert names(database) == ["early"]


def test_write_rows_stay_readable_after_the_unit(database: Database) -> None:
    with database.write() as unit:
        project = unit.collections.project("kept", 7)
    assert (project.name, project.created_at) == ("kept", 7)
    assert project.id is not None


def test_write_refused_by_the_database_rolls_all_of_it_back(database: Database) -> None:
    with database.write() as unit:
        project = unit.collections.project("one", 1)
        unit.collections.add(rows.collection(project.id or 0, "taken"))

    def take_again() -> None:
        with database.write() as unit:
            unit.collections.project("two", 1)
            unit.collections.add(rows.collection(project.id or 0, "taken"))

    with pytest.raises(IntegrityError):
        take_again()
    assert names(database) == ["one"]


def test_write_foreign_keys_hold_on_both_databases(database: Database) -> None:
    with pytest.raises(IntegrityError), database.write() as unit:
        unit.collections.add(rows.collection(4711))


# --- one after the other --------------------------------------------------------------------------------------------


def test_publish_a_thousand_from_two_threads_is_dense_and_appears_in_order(database: Database) -> None:
    numbers: dict[str, list[int]] = {"a": [], "b": []}
    seen: list[int] = []
    done = threading.Event()
    errors: list[BaseException] = []

    def write(name: str) -> None:
        for at in range(500):
            with database.write() as unit:
                numbers[name].append(unit.works.publish(1, [at], 1))

    def read() -> None:
        while True:
            last_round = done.is_set()
            with database.read() as unit:
                seen.extend(seq for seq, _, _ in unit.public.publications(seen[-1] if seen else 0, 10_000))
            if last_round:
                return

    @contextmanager
    def started(target: Callable[..., None], *arguments: str) -> Iterator[None]:
        def run() -> None:
            try:
                target(*arguments)
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        yield
        thread.join()

    with started(read):
        with started(write, "a"), started(write, "b"):
            pass
        done.set()
    assert errors == []
    assert sorted(numbers["a"] + numbers["b"]) == list(range(1, 1001))
    assert all(mine == sorted(mine) for mine in numbers.values())
    # A reader that goes on from the last number it saw misses none: none appears after a higher one.
    assert seen == list(range(1, 1001))


def test_publish_rolled_back_leaves_no_gap(database: Database) -> None:
    def fail() -> None:
        with database.write() as unit:
            unit.works.publish(1, [1, 2, 3], 1)
            raise Conflict("no")

    with pytest.raises(Conflict):
        fail()
    with database.write() as unit:
        assert unit.works.publish(1, [9], 1) == 1
    with database.read() as unit:
        assert list(unit.public.publications(0, 10)) == [(1, 1, 9)]
        assert unit.public.last_publication() == 1


def test_read_during_a_write_does_not_wait_and_sees_the_old_state(database: Database) -> None:
    with database.write() as unit:
        unit.collections.project("later", 1)
        unit.flush()
        began = time.monotonic()
        assert names(database) == []
        assert time.monotonic() - began < 1


def test_write_during_a_write_waits_for_its_turn_on_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'turns.db'}")
    migrate(database)
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait()
        with database.write() as unit:
            order.append("second")
            unit.collections.project("second", 1)

    thread = threading.Thread(target=second)
    thread.start()
    with database.write() as unit:
        inside.set()
        time.sleep(0.2)
        unit.collections.project("first", 1)
        order.append("first")
    thread.join()
    assert order == names(database) == ["first", "second"]
    database.close()


def _both(action: Callable[[threading.Barrier], object]) -> list[object]:
    """What two threads that start together return or raise."""
    gate, results = threading.Barrier(2), list[object]()

    def run() -> None:
        try:
            results.append(action(gate))
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_project_made_by_two_at_once_is_one(database: Database) -> None:
    for number in range(10):

        def make(gate: threading.Barrier, name: str = f"project {number}") -> object:
            gate.wait()
            with database.write() as unit:
                return unit.collections.project(name, 1).id

        first, second = _both(make)
        assert isinstance(first, int), first
        assert first == second


def test_request_made_by_two_at_once_is_one_piece_of_work(database: Database) -> None:
    with database.write() as unit:
        project = unit.collections.project("one", 1).id or 0
        collection = unit.collections.add(rows.collection(project)).id or 0
    for number in range(10):

        def ask(gate: threading.Barrier, key: str = f"mint:{number}") -> object:
            gate.wait()
            with database.write() as unit:
                return unit.works.request(rows.work(project, collection, key)).id

        first, second = _both(ask)
        assert isinstance(first, int), first
        assert first == second


# --- down, or wrong -------------------------------------------------------------------------------------------------


def test_wrong_statement_is_not_called_unavailable(database: Database) -> None:
    with pytest.raises((ProgrammingError, OperationalError)), database.read() as unit:
        unit.session.execute(text("SELECT nothing FROM nowhere"))
    with pytest.raises((ProgrammingError, OperationalError)), database.write() as unit:
        unit.session.execute(text("SELEC 1"))
    assert names(database) == []


def test_sqlite_locked_by_another_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.db.database.BUSY_TIMEOUT_MS", 100)
    database = Database(f"sqlite:///{tmp_path / 'locked.db'}")
    migrate(database)
    other = sqlite3.connect(tmp_path / "locked.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseUnavailable) as caught, database.write():
        raise AssertionError("the lock is held")
    assert caught.value.retryable
    assert names(database) == []
    other.execute("ROLLBACK")
    with database.write() as unit:
        unit.collections.project("now", 1)
    assert names(database) == ["now"]
    other.close()
    database.close()


def test_sqlite_folder_that_went_away_is_unavailable(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    database = Database(f"sqlite:///{folder / 'a.db'}")
    folder.rmdir()
    with pytest.raises(DatabaseUnavailable):
        names(database)


def test_pool_without_a_free_connection_is_unavailable(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'pool.db'}")
    migrate(database)
    pool = database.engine.pool
    pool._timeout = 0.05  # type: ignore[attr-defined]  # half a minute by default
    taken = [database.engine.connect() for _ in range(15)]
    with pytest.raises(DatabaseUnavailable):
        names(database)
    for connection in taken:
        connection.close()
    assert names(database) == []
    database.close()


@pytest.mark.part("postgres")
def test_postgres_that_stops_is_unavailable_and_comes_back() -> None:
    with parts.postgres() as cluster:
        database = Database(cluster.url())
        migrate(database)

        def write() -> None:
            with database.write() as unit:
                unit.collections.project("lost", 1)
                cluster.server.stop()

        with pytest.raises(DatabaseUnavailable):
            write()
        for use in (lambda: names(database), lambda: migrate(database)):
            with pytest.raises(DatabaseUnavailable) as caught:
                use()
            assert caught.value.status == 504
            assert "dnft@" not in caught.value.message
        database.close()


@pytest.mark.part("postgres")
def test_postgres_deadlock_is_unavailable_for_the_one_that_loses(postgres_url: Callable[[], str]) -> None:
    database = Database(postgres_url())
    migrate(database)
    with database.write() as unit:
        ids = [unit.collections.project(name, 1).id for name in ("a", "b")]
    turn = threading.Lock()
    order = [ids, ids[::-1]]

    def cross(gate: threading.Barrier) -> object:
        with turn:
            first, second = order.pop()
        with database.write() as unit:
            unit.session.execute(text("UPDATE project SET created_at = 2 WHERE id = :id"), {"id": first})
            gate.wait()
            unit.session.execute(text("UPDATE project SET created_at = 2 WHERE id = :id"), {"id": second})
        return "done"

    results = _both(cross)
    assert sorted(type(result).__name__ for result in results) == ["DatabaseUnavailable", "str"]
    database.close()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_database_that_processes_cannot_share_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Database(url)


def test_repr_hides_the_password() -> None:
    database = Database("postgresql+psycopg://dnft:hunter2@127.0.0.1:1/dnft")
    assert "hunter2" not in repr(database)
    with pytest.raises(DatabaseUnavailable) as caught:
        names(database)
    assert "hunter2" not in str(caught.value)
    database.close()
