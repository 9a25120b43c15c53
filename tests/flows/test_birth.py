"""The tour *birth*: from `dnft mint` to a minted agent whose every byte checks out, with nothing known but a chain's
RPC URL and a contract address."""

import hashlib
import json
from collections.abc import Iterator

import httpx
import pytest
from web3 import Web3
from web3.contract import Contract

from app.provenance import car, unixfs
from app.provenance.canonical import canonical_json
from contracts_abi import load
from renderers import canonical_from_hosted
from tests.service import Service, service

OWNERS = ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("birth"), "chain", "serve", "worker") as started:
        started.run("deploy", "first", "--name", "Birth Test", "--supply", "50")
        started.run("mint", "first", "--count", "4", "--to", OWNERS[0], "--to", OWNERS[1])
        yield started


@pytest.fixture(scope="module")
def contract(running: Service) -> Contract:
    address = running.run("status", "first")["first"]["contract"]
    made: Contract = Web3(Web3.HTTPProvider(running.rpc)).eth.contract(address=address, abi=load("AgentNFT").abi)
    return made


def test_owners_take_turns_and_the_collection_says_so(running: Service, contract: Contract) -> None:
    assert [contract.functions.ownerOf(token).call() for token in range(4)] == OWNERS * 2
    listed = httpx.get(f"{running.origin}/v1/collections").json()["collections"]
    assert [(each["released"], each["minted"], each["lastCommit"]) for each in listed] == [(4, 4, 1)]


def test_token_uri_leads_to_everything_and_every_hash_agrees(running: Service, contract: Contract) -> None:
    names = set()
    for token in range(4):
        answer = httpx.get(contract.functions.tokenURI(token).call())
        document = answer.json()
        names.add(document["name"])
        canonical = canonical_from_hosted(answer.content, running.origin)
        assert canonical == canonical_json(json.loads(canonical)), "what is served inverts to canonical bytes"
        history = httpx.get(f"{running.origin}{httpx.URL(str(answer.url)).path}/history").json()["snapshots"]
        assert history[0]["sha256"] == hashlib.sha256(canonical).hexdigest()
        assert history[0]["cid"] == unixfs.file(canonical).cid
        pinned = httpx.get(f"{running.origin}/ipfs/{history[0]['cid']}?format=raw")
        assert pinned.content == canonical, "what is pinned is what is served"
        text = httpx.get(document["services"][1]["endpoint"]).content
        assert hashlib.sha256(text).hexdigest() == document["beauvoir"]["sha256"]
        root, blocks = car.read(httpx.get(f"{running.origin}/ipfs/{history[0]['media']}?format=car").content)
        assert root == history[0]["media"]
        assert document["image"] == f"{running.origin}/ipfs/{root}/image.png"
        assert len(blocks) >= 8
        image = httpx.get(document["image"])
        assert image.headers["content-type"] == "image/png"
        assert image.content.startswith(b"\x89PNG")
    assert len(names) == 4


def test_contract_uri_is_served(contract: Contract) -> None:
    answer = httpx.get(contract.functions.contractURI().call())
    assert answer.status_code == 200
    assert answer.json()["name"] == "Birth Test"


def test_unreleased_id_is_sealed_and_cannot_be_minted(running: Service, contract: Contract) -> None:
    answer = httpx.get(f"{running.origin}/31337/{contract.address.lower()}/4")
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
    with pytest.raises(Exception, match="0x"):
        contract.functions.mint(OWNERS[0], 4).call({"from": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"})


def test_every_consumer_accepts_it(running: Service, contract: Contract) -> None:
    report = running.run("check", contract.functions.tokenURI(0).call())
    assert report["worst"] != "fail", [row for row in report["rows"] if row["verdict"] == "fail"]
