"""Signing in with the library that front ends use (viem), and our tokens in the hands of another JWT reader (Node)."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.provenance.signatures import Wrapped, read_signature, unwrap
from tests.services.test_sessions import ALICE, START, Rig
from tests.standins.nodes import NPM

CLIENT = Path(__file__).parent / "sign_in.mjs"


@pytest.mark.part("node")
def test_javascript_client_signs_in_and_reads_what_we_hand_out() -> None:
    assert (NPM / "viem").is_dir(), "viem is not installed: npm install --prefix .tools/npm viem"
    rig = Rig()
    challenge, session = rig.message(), rig.sign_in()
    given = {
        "key": "0x" + bytes(ALICE.key).hex(),
        "domain": "agents.example",
        "uri": rig.sessions.origin + "/agents",
        "statement": rig.sessions.statement,
        "nonce": rig.sessions.nonce().value,
        "chainId": 1,
        "issuedAt": START.isoformat(),
        "challenge": challenge,
        "token": session.token,
        "jwks": rig.ring.jwks(),
    }
    ended = subprocess.run(
        ["node", str(CLIENT), str(NPM), json.dumps(given)], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    seen: dict[str, Any] = json.loads(ended.stdout)

    assert rig.sessions.sign_in(seen["message"], seen["signature"]).account == session.account
    assert seen["understood"] is True
    assert seen["statement"] == rig.sessions.statement
    assert seen["expires"] == "2026-11-20T12:10:00.000Z"
    assert len(read_signature(seen["compact"])) == 64
    assert rig.sessions.sign_in(challenge, seen["compact"]).account == session.account
    assert unwrap(read_signature(seen["wrapped"])) == Wrapped(ALICE.address, b"\1\2", b"\3\4\5")
    assert (seen["alg"], seen["genuine"]) == ("ES256", True)
    assert seen["claims"]["sub"] == str(session.account)
