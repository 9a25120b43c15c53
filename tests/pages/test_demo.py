"""The demo's wallet over HTTP: what it signs, for whom, and that it is nowhere else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from pydantic import SecretStr

from app.pages.demo import FILE
from tests.pages.conftest import House
from tests.servers import free_port
from tests.signing import challenge, present, wallet
from tests.worlds import RunningServer, open_world, running_server

ALICE, MALLORY = wallet("alice"), wallet("mallory")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder, port = tmp_path_factory.mktemp("demo"), free_port()
    accounts = [{"address": ALICE.address, "key": "0x" + bytes(ALICE.key).hex(), "name": "Alice"}]
    (folder / FILE).write_text(json.dumps(accounts), encoding="utf-8")
    rpc = {31337: SecretStr("http://127.0.0.1:1")}
    world = open_world(folder, env="demo", origin=f"http://127.0.0.1:{port}", rpc_urls=rpc)
    with running_server(world, port=port) as server:
        yield server
    world.close()


def ask(server: RunningServer, message: str, address: str = ALICE.address, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"address": address, "message": message}
    return server.client.post(f"{server.url}/_demo/sign", json=body, headers=named)


def code(answer: httpx.Response) -> Any:
    return answer.json()["code"]


def test_sign_of_our_challenge_signs_in(demo: RunningServer) -> None:
    message = challenge(demo, ALICE.address, 31337)
    signature = ask(demo, message, origin=demo.url).json()["signature"]
    assert Account.recover_message(encode_defunct(text=message), signature=signature) == ALICE.address
    assert present(demo, message, signature).json()["account"] == f"eip155:31337:{ALICE.address}"


def test_accounts_are_told_without_their_keys(demo: RunningServer) -> None:
    answer = demo.get("/_demo/accounts")
    assert answer.json() == [{"address": ALICE.address, "name": "Alice"}]
    assert bytes(ALICE.key).hex() not in answer.text and answer.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in answer.headers


def test_sign_of_anything_but_a_sign_in_is_refused(demo: RunningServer) -> None:
    message = challenge(demo, ALICE.address, 31337)
    for other in (
        "",
        "Give Mallory everything",
        "\x19\x01" + "a" * 64,
        message + "\n",
        message.replace("Version: 1", ""),
    ):
        answer = ask(demo, other)
        assert (answer.status_code, code(answer)) == (400, "invalid"), other


def test_sign_for_another_site_is_refused(demo: RunningServer) -> None:
    message = challenge(demo, ALICE.address, 31337)
    here = demo.url.removeprefix("http://")
    for other in (
        message.replace(here, "evil.example"),
        message.replace(f"{here} wants", "evil.example wants"),
        message.replace(f"URI: {demo.url}", "URI: https://evil.example"),
        message.replace("http://" + here + " wants", "https://" + here + " wants"),
        message.replace(here + " wants", "evil@" + here + " wants"),
    ):
        assert other != message
        answer = ask(demo, other)
        assert (answer.status_code, code(answer)) == (403, "forbidden"), other


def test_sign_for_an_account_it_does_not_hold_is_refused(demo: RunningServer) -> None:
    theirs, ours = challenge(demo, MALLORY.address, 31337), challenge(demo, ALICE.address, 31337)
    for message, address in ((theirs, MALLORY.address), (theirs, ALICE.address), (ours, MALLORY.address)):
        assert code(ask(demo, message, address)) == "forbidden"


@pytest.mark.parametrize("path", ["/_demo/accounts", "/_demo/wallet.js", "/_demo/sign"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "10.0.0.1:8000"},
        {"host": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
    ],
)
def test_wallet_serves_pages_of_this_machine_only(demo: RunningServer, path: str, headers: dict[str, str]) -> None:
    method = "POST" if path.endswith("sign") else "GET"
    body = {"address": ALICE.address, "message": "x"} if method == "POST" else None
    answer = demo.client.request(method, demo.url + path, headers=headers, json=body)
    assert (answer.status_code, code(answer)) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/_demo/accounts", "/_demo/wallet.js", "/_demo/sign"])
def test_wallet_is_nowhere_outside_the_demo(house: House, path: str) -> None:
    method = "POST" if path.endswith("sign") else "GET"
    assert house.server.request(method, path).status_code in (404, 405)
    assert house.server.get(path).status_code == 404


def test_wallet_script_is_asked_for_again_each_time(demo: RunningServer) -> None:
    answer = demo.get("/_demo/wallet.js")
    assert answer.headers["content-type"].startswith("text/javascript") and "eip6963:announceProvider" in answer.text
    assert demo.get("/_demo/wallet.js", if_none_match=answer.headers["etag"]).status_code == 304


def test_wallet_without_its_file_says_what_to_do_and_quotes_no_key(tmp_path: Path) -> None:
    world = open_world(tmp_path, env="demo")
    with running_server(world) as server:
        for content in (None, "{", json.dumps([{"address": "0x", "key": "0xsecret", "name": "x"}])):
            if content is not None:
                (tmp_path / FILE).write_text(content, encoding="utf-8")
            answer = server.get("/_demo/accounts")
            assert (answer.status_code, code(answer)) == (503, "unavailable")
            assert FILE in answer.json()["hint"] and "secret" not in answer.text + server.log
    world.close()
