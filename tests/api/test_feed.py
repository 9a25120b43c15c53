"""How a server hears of publications: completely, soon, and honestly about not knowing."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from app.api.feed import TRUST, PublicationFeed
from app.bootstrap import World
from app.db.database import Database
from app.errors import DatabaseUnavailable
from tests.servers import free_port


class Heard:
    """A feed, and what it called for."""

    def __init__(self, database: Database) -> None:
        self.changes: list[tuple[int, int | None]] = []
        self.gaps = 0
        self.feed = PublicationFeed(database, self.changes.extend, self._gap)

    def _gap(self) -> None:
        self.gaps += 1


def publish(world: World, *tokens: int | None, collection: int = 1, now: int = 1_800_000_000) -> None:
    with world.database.write() as unit:
        unit.works.publish(collection, tokens, now)


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        await scenario()

    asyncio.run(whole())


def test_look_first_knows_nothing_of_before(world: World) -> None:
    publish(world, 1, 2)

    async def scenario() -> None:
        heard = Heard(world.database)
        assert not heard.feed.trusted()
        await heard.feed.look()
        assert (heard.gaps, heard.changes) == (1, [])
        assert heard.feed.trusted()

    run(scenario)


def test_look_hears_of_everything_once_and_in_order(world: World) -> None:
    async def scenario() -> None:
        heard = Heard(world.database)
        await heard.feed.look()
        publish(world, 3, 1, None)
        publish(world, 2, collection=9)
        await heard.feed.look()
        await heard.feed.look()
        assert heard.changes == [(1, 3), (1, 1), (1, None), (9, 2)]
        assert heard.gaps == 1

    run(scenario)


def test_look_after_forgotten_publications_says_so(world: World) -> None:
    async def scenario() -> None:
        heard = Heard(world.database)
        await heard.feed.look()
        publish(world, 1, 2, now=1_000)
        publish(world, 3, now=2_000)
        with world.database.write() as unit:
            unit.works.forget_publications(1_500)
        await heard.feed.look()
        assert (heard.gaps, heard.changes) == (2, [])
        publish(world, 4)
        await heard.feed.look()
        assert heard.changes == [(1, 4)]

    run(scenario)


def test_look_after_too_many_publications_says_so(world: World) -> None:
    async def scenario() -> None:
        heard = Heard(world.database)
        await heard.feed.look()
        publish(world, *range(5_000))
        await heard.feed.look()
        assert (heard.gaps, heard.changes) == (2, [])

    run(scenario)


def test_publication_rolled_back_is_never_heard_of(world: World) -> None:
    async def scenario() -> None:
        heard = Heard(world.database)
        await heard.feed.look()
        with suppress(RuntimeError), world.database.write() as unit:
            unit.works.publish(1, [1], 0)
            raise RuntimeError
        publish(world, 2)
        await heard.feed.look()
        assert heard.changes == [(1, 2)]

    run(scenario)


def test_trust_ends_by_itself_and_a_look_renews_it(world: World) -> None:
    async def scenario() -> None:
        heard = Heard(world.database)
        await heard.feed.look()
        await asyncio.sleep(TRUST + 0.02)
        assert not heard.feed.trusted()
        await heard.feed.look()
        assert heard.feed.trusted()

    run(scenario)


def test_look_by_many_at_once_shares_the_work(world: World) -> None:
    async def scenario() -> None:
        heard = Heard(world.database)
        await heard.feed.look()
        publish(world, 7)
        began = time.monotonic()
        await asyncio.gather(*(heard.feed.look() for _ in range(500)))
        assert heard.changes == [(1, 7)]
        assert time.monotonic() - began < 2, "500 readers waited for 500 looks"

    run(scenario)


def test_run_hears_within_the_promised_time(world: World) -> None:
    async def scenario() -> None:
        heard = Heard(world.database)
        task = asyncio.create_task(heard.feed.run())
        while not heard.gaps:
            await asyncio.sleep(0.005)
        await asyncio.to_thread(publish, world, 7)
        committed = time.monotonic()
        while not heard.changes:
            await asyncio.sleep(0.002)
        assert time.monotonic() - committed < 0.25
        task.cancel()

    run(scenario)


def test_database_that_refuses_means_last_good_copies_at_once() -> None:
    async def scenario() -> None:
        heard = Heard(Database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing"))
        await heard.feed.look()
        assert heard.feed.down_since is not None and heard.feed.trusted()
        with pytest.raises(DatabaseUnavailable):
            heard.feed.require_database()

    run(scenario)
