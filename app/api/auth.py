"""Signing in with a wallet, staying signed in, signing out.

GET    /v1/auth/challenge       a message to sign (EIP-4361)
POST   /v1/auth/session         the signed message for a session: as a token, or for our pages as a cookie
POST   /v1/auth/renew           another token of the same session
DELETE /v1/auth/session         the end of it
GET    /v1/auth/me              whose session this is
GET    /.well-known/jwks.json   the keys that tokens verify by
"""

import asyncio
import time
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, BackgroundTasks, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from starlette.concurrency import run_in_threadpool

from app.api.bounds import bounded
from app.api.dependencies import Edge, TheWorld
from app.api.limits import RateLimit, client_of
from app.api.public import JSON
from app.api.resource import Resource
from app.api.responses import PROBLEM, send
from app.api.session import Given, Signed, SignIns, clear_cookie, require_own_page, set_cookie
from app.errors import Unauthorized
from app.identity import Session
from app.provenance import siwe
from app.provenance.canonical import canonical_json
from app.provenance.signatures import MAX_SIGNATURE
from app.settings import Settings

router = APIRouter(tags=["sign-in"], responses=PROBLEM, route_class=bounded(64 << 10))

_AT_ONCE: Final = 8
"""Sign-ins that one process checks at the same time. Those of contract accounts wait for a node, and must not use up
the threads that everybody shares."""
_TIDY_SECONDS: Final = 600.0


class Desk:
    """What sign-in remembers in one process: how often who asked, and when it last tidied up."""

    def __init__(self, settings: Settings) -> None:
        self.proxies = settings.proxies
        self._per_client = RateLimit(settings.challenges_per_minute)
        # Twice as much: nobody alone can use up what is there for somebody else's account.
        self._per_account = RateLimit(2 * settings.challenges_per_minute)
        self.checking = asyncio.Semaphore(_AT_ONCE)
        self._tidied = time.monotonic()

    def admit(self, client: str, address: str) -> None:
        """Count a challenge. Raises RateLimited."""
        self._per_client.take(client, "sign-in messages for this network address")
        self._per_account.take(address.lower(), "sign-in messages for this account")

    def tidying_due(self) -> bool:
        """Whether it is time; says so once."""
        now = time.monotonic()
        due = now - self._tidied > _TIDY_SECONDS
        if due:
            self._tidied = now
        return due


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


async def _private(response: Response) -> None:
    response.headers["cache-control"] = "no-store"
    response.headers["x-content-type-options"] = "nosniff"


TheDesk = Annotated[Desk, Depends(_desk)]
WantsCookie = Annotated[
    Literal["cookie"] | None,
    Header(
        alias="X-Session",
        description="`cookie`: set the session as a cookie for our pages, instead of handing out the token.",
    ),
]
_PRIVATE: Final = [Depends(_private)]


class Wire(BaseModel):
    """camelCase on the wire; what is not named is refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class ChallengeAnswer(Wire):
    message: str = Field(description="To be signed as it is, with personal_sign.")
    expires_at: datetime


class SignIn(Wire):
    message: str = Field(max_length=siwe.MAX_BYTES, description="The signed message, byte for byte.")
    signature: str = Field(
        max_length=2 + 2 * MAX_SIGNATURE,
        description="0x hex: ECDSA (65 bytes, or 64 of EIP-2098), ERC-1271, or wrapped as ERC-6492 says.",
    )


class Holder(Wire):
    account: str = Field(description="CAIP-10: `eip155:{chain}:{address}`.")
    expires_at: datetime = Field(description="Of this token; renew before.")
    renewable_until: datetime = Field(description="After this the wallet signs again.")


class SessionAnswer(Holder):
    token: str | None = Field(None, description="For `Authorization: Bearer`. Left out where the cookie carries it.")


@router.get(
    "/v1/auth/challenge",
    summary="A message to sign",
    response_model=ChallengeAnswer,
    dependencies=_PRIVATE,
    responses={429: {"description": "Asked too often; `Retry-After` says when again."}},
)
def challenge(
    request: Request,
    desk: TheDesk,
    sessions: SignIns,
    later: BackgroundTasks,
    address: Annotated[str, Query(max_length=42, description="0x and 40 hex digits: EIP-55, or all in one case.")],
    chain_id: Annotated[int, Query(alias="chainId", description="Chain the account is on.")],
) -> ChallengeAnswer:
    """Good once and for a few minutes. A client may also write a message of its own with the nonce of this one."""
    desk.admit(client_of(request, desk.proxies), address)
    made = sessions.challenge(address, chain_id)
    if desk.tidying_due():
        later.add_task(sessions.tidy)
    return ChallengeAnswer(message=made.message, expires_at=made.nonce.expires_at.replace(microsecond=0))


@router.post(
    "/v1/auth/session",
    summary="Sign in",
    response_model=SessionAnswer,
    response_model_exclude_none=True,
    dependencies=_PRIVATE,
    responses={504: {"description": "The chain of a contract account does not answer; send the same again."}},
)
async def sign_in(
    request: Request,
    response: Response,
    world: TheWorld,
    desk: TheDesk,
    sessions: SignIns,
    body: SignIn,
    wants: WantsCookie = None,
) -> SessionAnswer:
    """A message works once, whether the signature holds or not."""
    if wants or "origin" in request.headers:
        require_own_page(request, world.settings)
    async with desk.checking:
        session = await run_in_threadpool(sessions.sign_in, body.message, body.signature)
    return _hand_over(request, response, session, by_cookie=wants is not None)


@router.post(
    "/v1/auth/renew",
    summary="Stay signed in",
    response_model=SessionAnswer,
    response_model_exclude_none=True,
    dependencies=_PRIVATE,
)
def renew(request: Request, response: Response, sessions: SignIns, given: Given) -> SessionAnswer:
    """Another token of the session, in the way this one came; the one before is good until it ends."""
    if given is None:
        raise Unauthorized("There is no session to renew.", hint="Sign in first.")
    return _hand_over(request, response, sessions.renew(given.token), by_cookie=given.by_cookie)


@router.delete("/v1/auth/session", summary="Sign out", status_code=204, dependencies=_PRIVATE)
def sign_out(request: Request, response: Response, sessions: SignIns, given: Given) -> None:
    """Ends every token of the session. Who is not signed in is out already."""
    if given is not None:
        sessions.sign_out(given.token)
        if given.by_cookie:
            clear_cookie(response, origin=request.headers["origin"])


@router.get("/v1/auth/me", summary="Whose session this is", response_model=Holder, dependencies=_PRIVATE)
async def me(session: Signed) -> Holder:
    return Holder(account=str(session.account), expires_at=session.expires_at, renewable_until=session.until)


@router.get("/.well-known/jwks.json", summary="The keys that tokens verify by (RFC 7517)")
def jwks(request: Request, world: TheWorld, edge: Edge) -> Response:
    """ES256. A key is replaced weekly; the one before stays here until the last token it signed has ended."""
    edge.feed.require_database()
    world.keyring.signing()  # so that the key of the next token is published before it
    body = canonical_json(world.keyring.jwks())
    return send(request, Resource(body, content_type=JSON, cache_control="public, max-age=60"))


def _hand_over(request: Request, response: Response, session: Session, *, by_cookie: bool) -> SessionAnswer:
    """The session as JSON; where a cookie carries the token, scripts do not get to see it."""
    if by_cookie:
        set_cookie(response, session, origin=request.headers["origin"])
    return SessionAnswer(
        token=None if by_cookie else session.token,
        account=str(session.account),
        expires_at=session.expires_at,
        renewable_until=session.until,
    )
