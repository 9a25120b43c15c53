"""A holder with a wallet, as the server sees them: asks for a challenge, signs it, comes back with a session."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import httpx
from eth_account import Account as Keys
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount

from tests.worlds import RunningServer


def wallet(name: str) -> LocalAccount:
    """Always the same key for a name."""
    made: LocalAccount = Keys.from_key(hashlib.sha256(name.encode()).digest())
    return made


def sign(message: str, by: LocalAccount) -> str:
    """personal_sign."""
    return "0x" + bytes(by.sign_message(encode_defunct(text=message)).signature).hex()


def challenge(server: RunningServer, address: str, chain_id: int, **headers: str) -> str:
    """A message to sign."""
    answer = server.client.get(
        f"{server.url}/v1/auth/challenge", params={"address": address, "chainId": chain_id}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    message: str = answer.json()["message"]
    return message


def present(server: RunningServer, message: str, signature: str, **headers: str) -> httpx.Response:
    """POST of a signed message; `x_session=` gives X-Session."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"message": message, "signature": signature}
    return server.client.post(f"{server.url}/v1/auth/session", json=body, headers=named)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who signed in and holds a bearer token."""

    server: RunningServer
    account: str
    token: str = field(repr=False)

    def send(self, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", **given.pop("headers", {})}
        return self.server.client.request(method, self.server.url + path, headers=headers, **given)


def sign_in(server: RunningServer, by: LocalAccount, chain_id: int) -> Visitor:
    message = challenge(server, by.address, chain_id)
    answer = present(server, message, sign(message, by))
    assert answer.status_code == 200, answer.text
    return Visitor(server, answer.json()["account"], answer.json()["token"])
