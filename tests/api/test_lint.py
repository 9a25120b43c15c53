"""What REDbot, an HTTP linter that sends its own conditional, ranged and compressed requests, says of our answers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.conftest import Site
from tests.worlds import head

REDBOT = Path(sys.executable).with_name("redbot")
PATHS = {
    "live": "{town}/0",
    "version": "{town}/2/v/1",
    "contract": "{town}",
    "beauvoir": "{town}/0/beauvoir",
    "summary": "{town}/0/beauvoir.json",
    "history": "{town}/2/history",
    "diagnose": "{town}/0/diagnose",
    "png": "{media}/image.png",
    "svg": "{media}/image.svg",
    "page": "{media}/animation.html",
    "listing": "{media}",
    "car": "{media}?format=car",
    "sealed": "{town}/5",
    "burned": "{town}/4",
    "beyond": "{town}/99",
    "malformed": "{town}/x",
    "collections": "/v1/collections",
    "health": "/healthz",
    "metrics": "/metrics",
}


def notes(url: str) -> list[dict[str, str]]:
    """REDbot's notes on a URL."""
    done = subprocess.run([REDBOT, "-o", "har", url], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    entries = json.loads(done.stdout)["log"]["entries"]
    found: list[dict[str, str]] = entries[0]["_red_messages"]
    return found


@pytest.mark.parametrize("name", PATHS)
def test_redbot_finds_nothing_bad(site: Site, name: str) -> None:
    path = PATHS[name].format(town=site.town.path(), media=f"/ipfs/{head(site.world, site.town, 0).media_cid}")
    said = notes(site.server.url + path)
    assert len(said) >= 3 and {note["level"] for note in said} <= {"GOOD", "INFO", "WARN", "BAD"}, "it looked"
    assert not [note for note in said if note["level"] == "BAD"]
    if name in ("live", "version", "png"):
        assert any("If-None-Match conditional requests are supported" in note["summary"] for note in said)
