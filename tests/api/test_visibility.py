"""How soon, and how surely, what was published is what readers get: straight from the servers and through a cache."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from app.bootstrap import World
from app.db.migrate import migrate
from tests import parts
from tests.servers import free_port
from tests.worlds import RunningServer, Town, found, prepared, released, running_server, settings_for

PROMISE = 0.25
REPETITIONS = 30
CONFIGURATION = (Path(__file__).with_name("nginx-cache.conf")).read_text()


@dataclass
class Seen:
    """What one reader got: (moment it asked, moment it had the answer, etag, state of the cache)."""

    answers: list[tuple[float, float, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@contextmanager
def readers(urls: list[str], pause: float) -> Iterator[list[Seen]]:
    """One reader an URL, asking again and again until the block ends."""
    stop, seen = threading.Event(), [Seen() for _ in urls]

    def read(url: str, mine: Seen) -> None:
        with httpx.Client(timeout=10, trust_env=False) as client:
            while not stop.is_set():
                asked = time.monotonic()
                answer = client.get(url, headers={"accept-encoding": "identity"})
                mine.answers.append(
                    (asked, time.monotonic(), answer.headers.get("etag", ""), answer.headers.get("x-cache", ""))
                )
                if answer.status_code != 200:
                    mine.problems.append(f"{answer.status_code} {answer.text[:200]}")
                time.sleep(pause)

    threads = [threading.Thread(target=read, args=pair) for pair in zip(urls, seen, strict=True)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in threads:
            thread.join()


class Publisher:
    """A world in this process whose publishing notes when its transaction was committed: the wait comes right after."""

    def __init__(self, folder: Path, url: str | None, **given: str) -> None:
        self.committed = 0.0
        self.world = World(settings_for(folder, url, **given), sleep=self._waiting)
        migrate(self.world.database)

    def _waiting(self, seconds: float) -> None:
        self.committed = time.monotonic()
        time.sleep(seconds)

    def publish(self, town: Town, token_id: int) -> str:
        """Show the next snapshot; its ETag. Returns when it is live."""
        new = prepared(self.world, town, token_id)
        self.world.publishing.publish(town.project_id, town.id, token_id, 1)
        return f'"{new.hosted_sha256}"'


def test_publication_is_answered_by_every_server_within_the_promise(
    tmp_path: Path, backend: str, new_database: Callable[[str], str | None]
) -> None:
    publisher = Publisher(tmp_path, new_database(backend))
    world = publisher.world
    town = released(world, found(world), 1)
    first, last = 0.0, 0.0
    with (
        running_server(world) as one,
        running_server(world) as other,
        readers([server.url + town.path(0) for server in (one, other)], pause=0.002) as seen,
    ):
        for _ in range(REPETITIONS):
            etag = publisher.publish(town, 0)
            live = time.monotonic()
            time.sleep(0.02)
            for reader in seen:
                since = [answer for answer in reader.answers if answer[0] >= publisher.committed]
                old = [asked for asked, _, got, _ in since if got != etag]
                last = max([last, *(asked - publisher.committed for asked in old)])
                first = max(first, min(had - publisher.committed for _, had, got, _ in since if got == etag))
                assert not [asked for asked in old if asked >= live], "old after it was live"
                assert not reader.problems
    world.database.close()
    print(f"{backend}: {REPETITIONS} publications, 2 servers: first new answer at most {first * 1000:.0f} ms after the "
          f"commit, last old one asked for at most {last * 1000:.0f} ms after it")  # fmt: skip
    assert last <= PROMISE and first <= PROMISE + 0.2


def test_server_that_was_stopped_answers_nothing_old_when_it_wakes(
    tmp_path: Path, backend: str, new_database: Callable[[str], str | None]
) -> None:
    """As a suspended machine or a starved container: it has the old answer in memory and has heard of nothing."""
    publisher = Publisher(tmp_path, new_database(backend))
    town = released(publisher.world, found(publisher.world), 1)
    with running_server(publisher.world) as server:
        for _ in range(3):
            assert server.get(town.path(0)).status_code == 200
            with paused(server):
                etag = publisher.publish(town, 0)
                asking = Asking(server, town.path(0))
                asking.start()
                time.sleep(0.1)
            asking.join()
            assert asking.etag == etag
    publisher.world.database.close()


class Asking(threading.Thread):
    """One request made beside the test."""

    def __init__(self, server: RunningServer, path: str) -> None:
        super().__init__()
        self._server = server
        self._path = path
        self.etag = ""

    def run(self) -> None:
        self.etag = self._server.get(self._path).headers["etag"]


@contextmanager
def paused(server: RunningServer) -> Iterator[None]:
    for pid in server.processes():
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in server.processes():
            os.kill(pid, signal.SIGCONT)


# --- through a shared cache


@pytest.fixture
def cached(tmp_path: Path, nginx: Callable[..., parts.Nginx]) -> Iterator[tuple[Publisher, Town, str]]:
    """A publisher, a town, and the URL of an nginx that caches in front of a server, its purge hook configured."""
    port = free_port()
    publisher = Publisher(tmp_path / "world", None, purge_url=f"http://127.0.0.1:{port}", purge_style="urls")
    town = released_quietly(publisher, tmp_path)
    with running_server(publisher.world) as server:
        configuration = CONFIGURATION.replace("@UPSTREAM@", f"127.0.0.1:{server.port}").replace("@PORT@", str(port))
        # The port had to be known before the server started; the fixture waits for one of its own.
        ready = "\nserver { listen 127.0.0.1:@PORT@; return 204; }"
        cache = nginx(configuration + ready)
        yield publisher, town, f"http://127.0.0.1:{port}"
        cache.stop()
    publisher.world.database.close()


def released_quietly(publisher: Publisher, tmp_path: Path) -> Town:
    """A released token; there is no cache yet whose purge could be confirmed."""
    folder = tmp_path / "world"
    quiet = World(settings_for(folder))
    town = released(quiet, found(quiet), 1)
    quiet.database.close()
    return town


def test_cache_never_gives_the_old_one_once_the_new_is_live(cached: tuple[Publisher, Town, str]) -> None:
    publisher, town, url = cached
    paths = [town.path(0), town.path("0.json"), town.path(0) + "?v=1"]
    with readers([url + path for path in paths for _ in range(2)], pause=0.001) as seen:
        time.sleep(0.3)
        for _ in range(10):
            etag = publisher.publish(town, 0)
            live = time.monotonic()
            time.sleep(0.15)
            for reader in seen:
                after = [answer for answer in reader.answers if answer[0] >= live]
                assert after and {got for _, _, got, _ in after} == {etag}
                assert not reader.problems
    states = [state for reader in seen for _, _, _, state in reader.answers]
    assert states.count("HIT") > len(states) / 2, "it was the cache that answered"


def test_cache_without_a_purge_keeps_the_old_one(cached: tuple[Publisher, Town, str]) -> None:
    """What the purge is for, and proof that the test above can fail."""
    publisher, town, url = cached
    before = httpx.get(url + town.path(0)).headers["etag"]
    quiet = World(settings_for(publisher.world.settings.data))
    prepared(quiet, town, 0)
    quiet.publishing.publish(town.project_id, town.id, 0, 1)
    quiet.database.close()
    answer = httpx.get(url + town.path(0))
    assert answer.headers["etag"] == before and answer.headers["x-cache"] == "HIT"


def test_cache_answers_conditions_codings_and_outages(cached: tuple[Publisher, Town, str]) -> None:
    _, town, url = cached
    whole = httpx.get(url + town.path(0), headers={"accept-encoding": "identity"})
    assert "s-maxage=300" in whole.headers["cache-control"]
    etag = whole.headers["etag"]
    assert httpx.get(url + town.path(0), headers={"if-none-match": etag}).status_code == 304
    zipped = httpx.get(url + town.path(0), headers={"accept-encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip" and zipped.content == whole.content
    assert httpx.head(url + town.path(0)).status_code == 200
    assert httpx.get(url + town.path(9)).status_code == 404
    assert httpx.get(url + town.path(9)).headers["x-cache"] == "MISS", "a sealed token is never kept"
    assert httpx.get(url + "/metrics").status_code == 403
