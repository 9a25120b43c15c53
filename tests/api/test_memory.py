"""Memory of a web process: however many different tokens are asked for, it stays within what the cache may take."""

import http.client
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from app.bootstrap import World
from tests.worlds import RunningServer, Town, found, head, open_world, released, running_server

CACHE_MB = 8
QUICK, FULL = 20_000, 1_000_000
MIB = 1 << 20


def multiplied(world: World, town: Town, count: int) -> None:
    """Show tokens 0 … count-1, all with one small document: it is their number that is measured."""
    small = head(world, town, 0).hosted[:400]
    shown = dict.fromkeys(("hosted", "hosted_gzip", "hosted_br"), ":small") | dict.fromkeys(
        ("canonical", "diagnosis"), ":none"
    )
    with world.database.write() as unit:
        for name in ("token", "snapshot"):
            columns = SQLModel.metadata.tables[name].columns.keys()
            values = [shown.get(column, "id" if column == "token_id" else column) for column in columns]
            unit.session.execute(
                text(
                    f"""INSERT INTO {name} ({", ".join(columns)})
                    WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id + 1 < :count)
                    SELECT {", ".join(values)} FROM {name}, ids WHERE collection_id = :town AND token_id = 0"""
                ),
                {"town": town.id, "count": count, **({"small": small, "none": b""} if name == "snapshot" else {})},
            )


def read_all(server: RunningServer, town: Town, first: int, end: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    for token_id in range(first, end):
        connection.request("GET", town.path(token_id))
        answer = connection.getresponse()
        assert answer.status == 200 and answer.read()
    connection.close()


def check(tmp_path: Path, count: int) -> None:
    world = open_world(tmp_path, cache_mb=CACHE_MB)
    town = released(world, found(world, supply=count), 1)
    multiplied(world, town, count)
    with running_server(world) as server:
        read_all(server, town, 0, count // 10)
        filled = server.memory()
        marks = []
        for part in range(1, 10):
            read_all(server, town, part * count // 10, (part + 1) * count // 10)
            marks.append(server.memory())
        metrics = {
            name: float(value)
            for name, value in (line.split() for line in server.get("/metrics").text.splitlines() if line[0] != "#")
        }
    world.database.close()
    print(f"{count:,} tokens through {CACHE_MB} MiB: {filled / MIB:.0f} MiB when full, then "
          f"{min(marks) / MIB:.0f} to {max(marks) / MIB:.0f} MiB")  # fmt: skip
    assert metrics["dnft_cache_bytes"] <= CACHE_MB * MIB
    assert metrics["dnft_cache_entries"] > 1000, "it was full"
    assert metrics['dnft_public_reads_total{source="database"}'] >= count, "every token was new"
    assert max(marks) - filled < 2 * CACHE_MB * MIB
    assert marks[-1] - marks[len(marks) // 2] < CACHE_MB * MIB / 2, "flat, not slowly growing"


def test_memory_stays_bounded_under_churn(tmp_path: Path) -> None:
    check(tmp_path, QUICK)


@pytest.mark.full
@pytest.mark.timeout(3600)
def test_memory_stays_bounded_under_a_million_tokens(tmp_path: Path) -> None:
    check(tmp_path, FULL)
