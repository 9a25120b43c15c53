"""Who may see what talking costs: operators, and whoever sits at a machine where nothing is at stake."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from app.bootstrap import World
from app.db.tables import Charge
from app.errors import Unauthorized
from app.services.operators import require_operator
from tests.worlds import RunningServer, Town, found, open_world, running_server

KEY = "an operator's key of some length".replace(" ", "-")


def spent(world: World, town: Town, cost_micro: int) -> None:
    now = world.clock.now()
    with world.database.write() as unit:
        unit.charges.reserve(
            Charge(
                key="turn-1",
                project_id=town.project_id,
                collection_id=town.id,
                token_id=3,
                user="a" * 32,
                conversation_id="c" * 32,
                number=2,
                day=now.date().isoformat(),
                pool="cheap",
                task="chat",
                state="settled",
                reserved_micro=0,
                cost_micro=cost_micro,
                created_at=int(now.timestamp()),
            )
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """In development, with a key set all the same."""
    world = open_world(tmp_path_factory.mktemp("costs"), operator_key=SecretStr(KEY))
    spent(world, found(world), 1_234_567)
    with running_server(world) as server:
        yield server
    world.database.close()


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    world = open_world(
        tmp_path_factory.mktemp("costs"),
        env="production",
        operator_key=SecretStr(KEY),
        session_secret=SecretStr("ab" * 32),
        vault_key=SecretStr("cd" * 32),
    )
    spent(world, found(world, chain_id=1), 5)
    with running_server(world) as server:
        yield server
    world.database.close()


def test_costs_on_the_machine_itself_are_shown_in_development(demo: RunningServer) -> None:
    answer = demo.get("/v1/costs")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    seen = answer.json()
    assert seen["total"]["costMicro"] == 1_234_567
    assert seen["byToken"][0]["agent"].startswith("eip155:31337/erc721:0x")
    page = demo.get("/costs", accept="text/html")
    assert page.status_code == 200 and "$1.234567" in page.text
    assert page.headers["cache-control"] == "no-store" and "noindex" in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "agents.example"},
        {"host": "evil.example:80"},
        {"x_forwarded_for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"via": "1.1 proxy"},
        {"sec_fetch_site": "cross-site"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic " + KEY},
        {"authorization": "Bearer"},
        {"authorization": "Bearer " + KEY[:-1]},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/v1/costs", "/costs"])
def test_costs_asked_for_by_others_are_not_shown(demo: RunningServer, path: str, headers: dict[str, str]) -> None:
    answer = demo.get(path, **headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthorized" and KEY not in answer.text
    assert "costMicro" not in answer.text


@pytest.mark.parametrize("path", ["/v1/costs", "/costs"])
def test_costs_in_production_need_the_key_in_the_header(production: RunningServer, path: str) -> None:
    assert production.get(path).status_code == 401
    assert production.get(f"{path}?key={KEY}").status_code == 401
    assert production.get(path, cookie=f"dnft_session={KEY}").status_code == 401
    assert production.get(path, authorization=f"Bearer {KEY}").status_code == 200
    assert KEY not in production.log


def test_costs_with_wrong_options_are_refused(demo: RunningServer) -> None:
    assert demo.get("/v1/costs?days=0").status_code == 400
    assert demo.get("/v1/costs?days=367").status_code == 400
    assert demo.get("/v1/costs?collection=nowhere").status_code == 404
    assert demo.get("/costs?collection=nowhere", accept="text/html").status_code == 404


def test_costs_of_a_collection_and_of_some_days(demo: RunningServer) -> None:
    seen = demo.get("/v1/costs?collection=dixie-town&days=1").json()
    assert seen["collection"] == "dixie-town" and seen["total"]["replies"] == 1
    assert seen["firstDay"] == seen["lastDay"]


def test_costs_page_names_are_escaped(demo: RunningServer) -> None:
    page = demo.get("/costs?collection=%3Cscript%3Ealert(1)%3C/script%3E", accept="text/html")
    assert page.status_code == 404 and "<script>alert" not in page.text


@pytest.mark.parametrize("peer", ["203.0.113.9", "", "unix", "10.0.0.1", "::ffff:10.0.0.1"])
def test_operator_from_elsewhere_needs_the_key(peer: str) -> None:
    with pytest.raises(Unauthorized):
        require_operator({"host": "127.0.0.1"}, peer, key="", trust_this_machine=True)
    require_operator({"authorization": f"bearer {KEY}"}, peer, key=KEY, trust_this_machine=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8000", "[::1]:8000"])
def test_operator_on_this_machine_needs_none_unless_it_matters(host: str) -> None:
    require_operator({"host": host}, "127.0.0.1", key=KEY, trust_this_machine=True)
    with pytest.raises(Unauthorized):
        require_operator({"host": host}, "127.0.0.1", key=KEY, trust_this_machine=False)


@pytest.mark.parametrize("given", ["Bearer ", "Bearer", "", "Bearer \ud800"])
def test_operator_without_a_key_set_is_nobody(given: str) -> None:
    with pytest.raises(Unauthorized):
        require_operator({"authorization": given, "host": "localhost"}, "::1", key="", trust_this_machine=True)
