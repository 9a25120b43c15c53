"""The demo's wallet: a script that announces itself like any wallet (EIP-6963), and the key that signs for it.

Mounted in the demo only. The accounts are in `demo-wallet.json` in the data folder, which the demo writes:

    [{"address": "0x…", "key": "0x…", "name": "Holder of agent 1"}, …]

A key never leaves this process, and signs nothing but sign-in messages (EIP-4361) for this very site, asked for by a
page of it on this machine.
"""

import ipaddress
import json
from typing import Annotated, Any, Final

import coincurve
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError

from app.errors import DnftError, Forbidden, NotFound, Unavailable
from app.pages import assets
from app.pages.answering import conditional
from app.pages.routes import TheWorld
from app.provenance import siwe
from app.provenance.signatures import message_hash
from app.provenance.uris import origin_of

FILE: Final = "demo-wallet.json"


class DemoAccount(BaseModel):
    """One throwaway account of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(pattern="^0x[0-9a-fA-F]{40}$")
    key: SecretStr
    name: str = Field(max_length=80)


class SignRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    address: str = Field(max_length=42)
    message: str = Field(max_length=siwe.MAX_BYTES)


def _only_here(request: Request, world: TheWorld) -> None:
    """Raises NotFound outside the demo, Forbidden for whoever is not a page or program of this machine."""
    if world.settings.env != "demo":
        raise NotFound("Nothing is served under this path.")
    host = request.headers.get("host", "")
    peer = request.client.host if request.client is not None else ""
    # A name that a stranger points at this machine is no loopback name, so their pages can not ask us.
    if not (_is_loopback(_hostname(host)) and _is_loopback(peer)):
        raise Forbidden("The demo's wallet serves this machine only.")
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.url.scheme}://{host}":
        raise Forbidden("The demo's wallet serves pages of this site only.")


router = APIRouter(prefix="/_demo", include_in_schema=False, dependencies=[Depends(_only_here)])


def _accounts(world: TheWorld) -> list[DemoAccount]:
    try:
        text = (world.settings.data / FILE).read_text(encoding="utf-8")
        return TypeAdapter(list[DemoAccount]).validate_json(text)
    except (OSError, ValidationError):
        # What is in the file must not be quoted: it holds keys.
        raise Unavailable("The demo has no wallet.", hint=f"Start it again: it writes {FILE}.") from None


Accounts = Annotated[list[DemoAccount], Depends(_accounts)]


@router.get("/wallet.js")
def script(request: Request) -> Response:
    headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}
    return conditional(request, assets.read("demo-wallet.js"), "text/javascript; charset=utf-8", headers)


@router.get("/accounts")
def accounts(found: Accounts) -> Response:
    """Addresses and names, without the keys."""
    return _json([{"address": each.address, "name": each.name} for each in found])


@router.post("/sign")
def sign(request: Request, world: TheWorld, found: Accounts, body: SignRequest) -> Response:
    """personal_sign of a sign-in message. Raises Invalid for what is no such message, Forbidden for another site's."""
    said = siwe.parse(body.message)
    ours = world.settings.origin
    site = origin_of(f"{said.scheme or ours.partition(':')[0]}://{said.domain}")
    if site != origin_of(ours) or origin_of(said.uri) != origin_of(ours):
        raise Forbidden("The demo's wallet signs in to this site only.")
    account = next(
        (each for each in found if each.address.lower() == body.address.lower() == said.address.lower()), None
    )
    if account is None:
        raise Forbidden("The demo's wallet does not hold this account.")
    return _json({"signature": "0x" + _signature(account, body.message.encode("ascii")).hex()})


def _signature(account: DemoAccount, message: bytes) -> bytes:
    try:
        key = coincurve.PrivateKey(bytes.fromhex(account.key.get_secret_value().removeprefix("0x")))
    except ValueError:
        raise DnftError("A key of the demo's wallet is none.") from None
    signed: bytes = key.sign_recoverable(message_hash(message), hasher=None)
    return signed[:64] + bytes([27 + signed[64]])


def _json(value: Any) -> Response:
    return Response(json.dumps(value), media_type="application/json", headers={"cache-control": "no-store"})


def _hostname(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
