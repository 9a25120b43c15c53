"""The benchmark itself: what it asks for, what it reports, and that its made-up tokens are true to their hashes."""

import hashlib
from collections import Counter
from pathlib import Path

import brotli
import pytest

from app.errors import NotFound
from renderers import canonical_from_hosted
from scripts.bench import load
from scripts.bench.metadata import metadata
from tests.worlds import found, head, open_world, seed_tokens


def test_zipf_order_is_steep_and_reaches_far() -> None:
    order = load.zipf_order(1000, 65_536)
    counts = Counter(order)
    ranked = [count for _, count in counts.most_common()]
    assert set(order) <= set(range(1000)) and len(counts) > 990
    assert ranked[0] / ranked[9] == pytest.approx(10, rel=0.05)
    assert ranked[0] / ranked[99] == pytest.approx(100, rel=0.1)
    assert load.zipf_order(1000, 100) == order[:100]


def test_seeded_tokens_are_true_to_their_hashes(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    town = found(world, supply=30)
    seed_tokens(world, town, 30)
    names = set()
    for token_id in range(30):
        snapshot = head(world, town, token_id)
        assert canonical_from_hosted(snapshot.hosted, town.origin) == snapshot.canonical
        assert hashlib.sha256(snapshot.hosted).hexdigest() == snapshot.hosted_sha256
        assert hashlib.sha256(snapshot.canonical).hexdigest() == snapshot.document_sha256
        assert brotli.decompress(snapshot.hosted_br) == snapshot.hosted
        assert f"{town.path(token_id)}/beauvoir".encode() in snapshot.hosted
        names.add(snapshot.hosted)
    assert len(names) == 30
    world.database.close()


def test_program_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFound, match="needs wrk") as caught:
        load.program("wrk")
    assert "wrk" in caught.value.hint


@pytest.mark.part("nginx", "wrk")
def test_metadata_measures_every_server_and_reports_ratios() -> None:
    said: list[str] = []
    result = metadata(tokens=20, rounds=1, seconds=1, say=said.append)
    assert result.keys() == {"name", "rows", "ratios", "machine"}
    rows = {row["variant"]: row for row in result["rows"]}
    for server in ("nginx", "fastapi", "ours"):
        for kind in ("200", "304"):
            assert rows[f"{server} {kind}"]["median"] > 100 and rows[f"{server} {kind}"]["unit"] == "req/s"
            assert 0 < rows[f"{server} {kind} p50"]["median"] <= rows[f"{server} {kind} p99"]["median"]
    assert all(row.keys() == {"variant", "median", "min", "max", "unit"} for row in result["rows"])
    assert result["ratios"]["ours/nginx 200"] > 0 and {"cpu", "python", "nginx"} <= result["machine"].keys()
    assert said
