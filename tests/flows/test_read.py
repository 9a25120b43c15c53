"""The read tour: an agent is born, and a stranger who knows its token URI alone finds all else by following links.

A newborn is stored, checked and shown; a server answers its JSON; the JSON names its picture, its page and its
BEAUVOIR.md; and what was read proves itself by the hashes in it.
"""

import hashlib
import json
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image

from app.provenance import unixfs
from app.provenance.canonical import canonical_json
from app.provenance.cid import parse_cid
from tests.servers import free_port
from tests.worlds import found, open_world, released, running_server


def test_read_tour(tmp_path: Path) -> None:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    world = open_world(tmp_path, origin=origin, port=port)
    town = released(world, found(world, supply=12), 3)
    uri = f"{origin}{town.path(2)}"  # what the contract's tokenURI returns
    with running_server(world, port=port) as server, httpx.Client(timeout=10, trust_env=False) as stranger:
        answer = stranger.get(uri)
        assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
        document = answer.json()

        # The picture and its page, by the links in the document.
        picture = stranger.get(document["image"])
        assert picture.headers["content-type"] == "image/png"
        with Image.open(BytesIO(picture.content)) as image:
            assert image.size == (1024, 1024)
            assert document["beauvoir"]["sha256"] in "".join(map(str, image.info.values()))
        page = stranger.get(document["animation_url"])
        assert page.headers["content-type"].startswith("text/html")
        assert "sandbox" in page.headers["content-security-policy"]

        # The personality, by the service the document names; its bytes are those the document promises.
        services = {each["name"]: each["endpoint"] for each in document["services"]}
        personality = stranger.get(services["beauvoir"])
        assert hashlib.sha256(personality.content).hexdigest() == document["beauvoir"]["sha256"]
        assert unixfs.file(personality.content).cid == document["beauvoir"]["cid"]
        assert document["name"] in personality.text
        pinned = stranger.get(f"{origin}/ipfs/{document['beauvoir']['cid']}")
        assert pinned.content == personality.content

        # The document is the pinned one but for the gateway's address, so its content id can be computed from it.
        canonical = json.loads(answer.content)
        for field in ("image", "animation_url"):
            canonical[field] = canonical[field].replace(f"{origin}/ipfs/", "ipfs://")
        block = canonical_json(canonical)
        history = stranger.get(f"{uri}/history").json()["snapshots"]
        assert [entry["snapshot"] for entry in history] == [1]
        assert parse_cid(history[0]["cid"]).digest == hashlib.sha256(block).digest()
        assert stranger.get(f"{origin}/ipfs/{history[0]['cid']}?format=raw").content == block
        assert stranger.get(history[0]["url"]).content == answer.content

        # Asking again costs nothing, and says so.
        again = stranger.get(uri, headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304 and not again.content

        # Consumers had their say when the snapshot was made, and the rest of the town is closed.
        assert stranger.get(f"{uri}/diagnose").status_code == 200
        assert stranger.get(f"{origin}{town.path(3)}").status_code == 404
        assert "Traceback" not in server.log
    world.database.close()
