"""What is remembered of a holder, over HTTP: theirs to see, forget, take along and erase; nobody else's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from app.bootstrap import World
from app.folding import Said
from app.provenance.ids import AgentId, checksum_address
from app.scope import Scope
from personalities.voice import noticed
from tests.db import rows
from tests.signing import Visitor, sign_in, wallet
from tests.worlds import RunningServer, open_world, running_server

CHAIN = 31337
NOWHERE = SecretStr("http://127.0.0.1:1")
ROUTES = [
    ("GET", "/v1/memories"),
    ("DELETE", "/v1/memories/1"),
    ("GET", "/v1/me/export"),
    ("DELETE", "/v1/me"),
]


@dataclass(frozen=True, slots=True)
class Desk:
    server: RunningServer
    world: World
    alice: Visitor
    bob: Visitor
    collection: int

    def scope(self, visitor: Visitor, token_id: int = 7, tenure: int = 0) -> Scope:
        user = self.world.pseudonym(visitor.account)
        return Scope(self.world.project_id(), self.collection, token_id, tenure, user)

    def tell(self, scope: Scope, *sentences: str) -> None:
        with self.world.database.write() as unit:
            for sentence in sentences:
                self.world.memory.note(unit, scope, noticed(sentence, "2026-11-20"))

    def texts(self, visitor: Visitor, query: str = "") -> list[str]:
        answer = visitor.send("GET", f"/v1/memories{query}")
        assert answer.status_code == 200, answer.text
        return [item["text"] for item in answer.json()["items"]]


def agent(token_id: int) -> str:
    return str(AgentId(CHAIN, checksum_address("0x" + "ab" * 20), token_id))


@pytest.fixture
def desk(tmp_path: Path, backend: str, new_database: Callable[[str], str | None]) -> Iterator[Desk]:
    """A server that Alice and Bob are signed in at."""
    world = open_world(tmp_path, new_database(backend), rpc_urls={CHAIN: NOWHERE})
    project = world.project_id()
    with world.database.write() as unit:
        collection = unit.collections.add(rows.collection(project, contract="0x" + "ab" * 20)).id or 0
    with running_server(world) as server:
        alice, bob = (sign_in(server, wallet(name), CHAIN) for name in ("alice", "bob"))
        yield Desk(server, world, alice, bob, collection)
    world.close()


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]


def test_holder_sees_forgets_takes_along_and_erases_their_own(desk: Desk) -> None:
    mine, theirs = desk.scope(desk.alice), desk.scope(desk.bob)
    desk.tell(mine, "I like sailing.", "My dog is called Rex.")
    desk.tell(replace(mine, token_id=8), "I like olives.")
    desk.tell(theirs, "I like bread.")
    desk.world.memory.fold(mine, [Said("user", "My name is Ada.", "2026-11-01")])

    # seen
    listed = desk.alice.send("GET", "/v1/memories")
    assert listed.headers["cache-control"] == "no-store"
    assert [item["text"] for item in listed.json()["items"]] == ["sailing", "dog Rex", "olives"]
    first = listed.json()["items"][0]
    assert first == {
        **{"id": first["id"], "agent": agent(7), "kind": "like", "text": "sailing", "words": "I like sailing"},
        **{"day": "2026-11-20", "when": None, "endedOn": None, "sealed": False},
    }
    assert desk.texts(desk.alice, f"?agent={agent(8)}") == ["olives"]
    assert desk.texts(desk.alice, f"?agent={agent(9)}") == []
    assert desk.texts(desk.bob) == ["bread"]

    # in pages
    page = desk.alice.send("GET", "/v1/memories?limit=2").json()
    assert len(page["items"]) == 2 and page["cursor"]
    rest = desk.alice.send("GET", f"/v1/memories?limit=2&cursor={page['cursor']}").json()
    assert [item["text"] for item in rest["items"]] == ["olives"] and rest["cursor"] is None

    # forgotten, by nobody else
    path = f"/v1/memories/{first['id']}"
    assert refused(desk.bob.send("DELETE", path)) == (404, "not-found")
    assert desk.alice.send("DELETE", path).status_code == 204
    assert refused(desk.alice.send("DELETE", path)) == (404, "not-found")
    assert desk.texts(desk.alice) == ["dog Rex", "olives"]
    assert desk.world.memory.summary(mine) == ""

    # taken along, also after a sale
    desk.world.memory.seal_older(mine.project_id, mine.collection_id, 7, 1)
    taken = desk.alice.send("GET", "/v1/me/export")
    assert taken.headers["cache-control"] == "no-store" and "attachment" in taken.headers["content-disposition"]
    assert taken.json()["account"] == desk.alice.account
    assert [(each["agent"], each["sealed"]) for each in taken.json()["agents"]] == [(agent(7), True), (agent(8), False)]
    assert "bread" not in taken.text and "dog Rex" in taken.text
    assert [item["sealed"] for item in desk.alice.send("GET", "/v1/memories").json()["items"]] == [True, False]

    # erased, and nothing of anybody else
    counted = desk.alice.send("DELETE", "/v1/me?dryRun=true").json()
    assert counted["dryRun"] and counted["erased"]["memories"] == 2
    assert len(desk.texts(desk.alice)) == 2
    assert desk.alice.send("DELETE", "/v1/me").json()["erased"] == counted["erased"]
    assert desk.texts(desk.alice) == [] and desk.alice.send("GET", "/v1/me/export").json()["agents"] == []
    assert desk.alice.send("DELETE", "/v1/me").json()["erased"]["keys"] == 0
    assert desk.texts(desk.bob) == ["bread"]


def test_nobody_gets_anything_without_a_session_or_with_a_bad_request(desk: Desk) -> None:
    desk.tell(desk.scope(desk.alice), "I like sailing.")
    for method, path in ROUTES:
        assert refused(desk.server.request(method, path)) == (401, "unauthorized"), path
        assert refused(desk.server.request(method, path, authorization="Bearer nonsense")) == (401, "unauthorized")
        # A cookie is no leave for another site to erase.
        cookie = {"cookie": f"dnft_session={desk.alice.token}", "origin": "https://evil.example"}
        answer = desk.server.request(method, path, **cookie)
        assert (answer.status_code == 200) if method == "GET" else (refused(answer) == (403, "forbidden")), path
    for path in ("/v1/memories/0", "/v1/memories/-1", f"/v1/memories/{2**70}"):
        assert refused(desk.alice.send("DELETE", path)) == (404, "not-found")
    for query in ("agent=nonsense", "agent=eip155:1:0x", "limit=0", "limit=501", f"cursor={2**64}", "cursor=x"):
        assert refused(desk.alice.send("GET", f"/v1/memories?{query}"))[0] == 400, query
    assert desk.texts(desk.alice) == ["sailing"]


def test_server_obeys_the_log_of_erasures_before_it_serves(tmp_path: Path) -> None:
    world = open_world(tmp_path, rpc_urls={CHAIN: NOWHERE})
    project = world.project_id()
    with world.database.write() as unit:
        collection = unit.collections.add(rows.collection(project, contract="0x" + "ab" * 20)).id or 0
    scope = Scope(project, collection, 7, 0, "aa" * 16)
    with world.database.write() as unit:
        world.memory.note(unit, scope, noticed("I like sailing.", "2026-11-20"))
    now = int(world.clock.now().timestamp())
    (tmp_path / "erased.jsonl").write_text(f'{{"project": 1, "user": "{scope.user}", "erasedAt": {now}}}\n')
    with running_server(world):
        assert world.memory.recall(scope, "") == []
    world.close()
