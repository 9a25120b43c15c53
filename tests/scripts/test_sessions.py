"""Commands about sessions, as processes beside a running server."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from tests.scripts.test_commands import dnft
from tests.signing import Visitor, sign_in, wallet
from tests.worlds import RunningServer, open_world, running_server

ALICE = wallet("alice")


def said(folder: Path, *arguments: str, **settings: str) -> dict[str, Any]:
    done = dnft("sessions", *arguments, "--json", folder=folder, **settings)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)["data"]
    return answer


def kids(server: RunningServer) -> list[str]:
    return [key["kid"] for key in server.get("/.well-known/jwks.json").json()["keys"]]


def status(visitor: Visitor) -> int:
    return visitor.send("GET", "/v1/auth/me").status_code


def test_rotate_keeps_sessions_and_end_ends_them_at_a_running_server(tmp_path: Path) -> None:
    world = open_world(tmp_path, rpc_urls={1: SecretStr("http://127.0.0.1:1")})
    with running_server(world) as server:
        visitor = sign_in(server, ALICE, 1)
        (old,) = kids(server)
        answer = said(tmp_path, "rotate")
        assert kids(server) == answer["verify"].split() == [answer["signs"], old]
        assert status(visitor) == 200
        said(tmp_path, "end")
        assert status(visitor) == 401
        assert status(sign_in(server, ALICE, 1)) == 200
        assert not {old, answer["signs"]} & set(kids(server))
    world.close()


def test_serve_with_another_secret_does_not_start_until_the_keys_are_dropped(tmp_path: Path) -> None:
    first, second = "5e" * 32, "7f" * 32
    said(tmp_path, "rotate", DNFT_SESSION_SECRET=first)
    refused = dnft("serve", "--port", "0", folder=tmp_path, DNFT_SESSION_SECRET=second)
    assert refused.returncode != 0
    assert "dnft sessions end" in refused.stderr
    assert second not in refused.stdout + refused.stderr
    said(tmp_path, "end", DNFT_SESSION_SECRET=second)
    said(tmp_path, "rotate", DNFT_SESSION_SECRET=second)


@pytest.mark.parametrize("command", ["serve", "worker", "doctor"])
def test_production_without_a_secret_is_told_how_to_make_one(tmp_path: Path, command: str) -> None:
    settings = {"DNFT_ENV": "production", "DNFT_ORIGIN": "https://agents.example"}
    done = dnft(command, folder=tmp_path, **settings)
    told = " ".join((done.stdout + done.stderr).split())
    assert "DNFT_SESSION_SECRET is needed in production; make one with `openssl rand -hex 32`" in told
    assert not (tmp_path / "session.key").exists()
