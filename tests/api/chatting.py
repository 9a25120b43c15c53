"""A town where people talk: the real server, an embedded chain and the stand-in platform, each a process of its own."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from app.adapters.signer import LocalSigner
from app.bootstrap import World
from app.db.migrate import migrate
from app.ports import Address
from app.provenance.ids import AgentId, checksum_address
from app.services.commits import commit_key
from app.services.deploying import deploy_key
from tests.service import DEV_KEY
from tests.services.rig import wanted
from tests.signing import Visitor, sign_in, wallet
from tests.standins.nodes import CHAIN_ID, Node, calldata, running, start_embedded
from tests.standins.platforms import KEY, PlatformProcess, platform
from tests.worlds import RunningServer, running_server, settings_for

ALICE, BOB, CAROL = wallet("alice"), wallet("bob"), wallet("carol")


@dataclass(slots=True)
class Place:
    """Token 0 is Alice's, token 1 is Bob's, token 2 is nobody's."""

    world: World
    server: RunningServer
    platform: PlatformProcess
    node: Node
    collection: int
    agent: AgentId

    def visitor(self, by: Any = ALICE) -> Visitor:
        return sign_in(self.server, by, CHAIN_ID)

    def talk(self, visitor: Visitor, **given: Any) -> str:
        """Id of a new conversation with token 0."""
        body = {"agent": str(self.agent), "consent": "1", **given}
        answer = visitor.send("POST", "/v1/conversations", json=body)
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found


@dataclass(frozen=True, slots=True)
class Frame:
    id: str
    event: str
    data: Any


def read_frames(raw: str) -> list[Frame]:
    """Every whole frame, each of exactly the form that is promised."""
    found = []
    for block in raw.split("\n\n")[:-1]:
        if block == ": keepalive":
            continue
        first, second, third = block.split("\n")
        assert first.startswith("id: ") and second.startswith("event: ") and third.startswith("data: ")
        found.append(Frame(first[4:], second[7:], json.loads(third[6:])))
    return found


def stream(visitor: Visitor, method: str, path: str, *, stop_after: int | None = None, **given: Any) -> list[Frame]:
    """The events of an answer; `stop_after` frames the client hangs up."""
    headers = {
        "authorization": f"Bearer {visitor.token}",
        "accept": "text/event-stream",
        **given.pop("headers", {}),
    }
    raw = b""
    with httpx.stream(
        method, visitor.server.url + path, headers=headers, timeout=30, trust_env=False, **given
    ) as answer:
        if answer.status_code != 200:
            answer.read()
            raise AssertionError(f"{answer.status_code} {answer.text}")
        assert answer.headers["content-type"].startswith("text/event-stream")
        try:
            for chunk in answer.iter_raw():
                raw += chunk
                if stop_after is not None and raw.count(b"\n\n") >= stop_after:
                    break
        except httpx.HTTPError:
            pass  # the server is gone
    return read_frames(raw.decode())


def text_of(frames: list[Frame]) -> str:
    return "".join(frame.data["text"] for frame in frames if frame.event == "content")


@contextmanager
def place(folder: Path, database_url: str | None = None, **options: Any) -> Iterator[Place]:
    """`options`: those of the stand-in by their names, settings of the service as `settings=`."""
    given = {"platform_scene": True, "chat_messages_per_minute": 1_000, **options.pop("settings", {})}
    with ExitStack() as stack:
        node = stack.enter_context(running(start_embedded(folder / "chain")))
        speaking = stack.enter_context(platform(**options))
        settings = settings_for(
            folder,
            database_url,
            rpc_urls={CHAIN_ID: SecretStr(node.url)},
            platform_url=speaking.url,
            platform_key=SecretStr(KEY),
            challenges_per_minute=100_000,
            **given,
        )
        world = World(settings, signer=LocalSigner(bytes.fromhex(DEV_KEY[2:])))
        stack.callback(world.close)
        migrate(world.database)
        collection = _settle(world)
        with world.database.read() as unit:
            contract = checksum_address(unit.collections.get(world.project_id(), collection).contract or "")
        server = stack.enter_context(running_server(world))
        yield Place(world, server, speaking, node, collection, AgentId(CHAIN_ID, contract, 0))


def _settle(world: World) -> int:
    """Deploy, give birth to three, mint two."""
    project, sender = world.project_id(), world.signer.address
    world.packs.keep("dixie")
    transactions = world.transactions(CHAIN_ID)
    collection = world.deploying.plan(project, wanted(origin=world.settings.origin, supply=6), sender)
    transactions.carry(project, deploy_key(collection))
    world.deploying.finish(project, collection)
    world.births.make(project, collection, 0, 3)
    world.publishing.publish(project, collection, 0, 3)
    number = world.commits.plan(project, collection, sender)
    assert number is not None
    transactions.carry(project, commit_key(collection, number))
    world.commits.finish(project, collection, number)
    first = world.minting.reserve(project, collection, [Address(ALICE.address), Address(BOB.address)])
    for key in world.minting.plan(project, collection, first, 2, sender):
        transactions.carry(project, key)
    follow(world, collection)
    return collection


def follow(world: World, collection: int) -> None:
    while world.following(CHAIN_ID).follow(world.project_id(), collection):
        pass


def hand_over(place: Place, to: Any) -> None:
    """Alice sends token 0; nobody follows it yet."""
    node = place.node
    node.rpc("eth_sendRawTransaction", node.sign(to=ALICE.address, value=10**18))
    data = calldata("transferFrom(address,address,uint256)", ALICE.address, to.address, 0)
    nonce = node.number("eth_getTransactionCount", ALICE.address, "pending")
    transaction: dict[str, Any] = {
        "chainId": CHAIN_ID,
        "gas": 200_000,
        "maxFeePerGas": 3 * 10**9,
        "maxPriorityFeePerGas": 10**9,
        "to": place.agent.contract,
        "value": 0,
        "data": data,
        "nonce": nonce,
    }
    signed = ALICE.sign_transaction(transaction)
    node.rpc("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())
