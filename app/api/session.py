"""Who is asking. A token comes as `Authorization: Bearer …` from programs, or in a cookie from our own pages.

A browser sends the cookie along whoever made it ask. So what changes something and comes with a cookie must name one of
our own pages as its origin; SameSite=Strict says the same to the browser.

    def route(session: Signed) -> …      401 without a session
    def route(session: Maybe) -> …       None without any token; a token that is no good is 401 all the same
"""

from typing import Annotated, Final, NamedTuple

from fastapi import Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPBearer

from app.api.dependencies import Edge, TheWorld
from app.errors import Forbidden, Unauthorized
from app.identity import Session
from app.services.sessions import Sessions
from app.settings import Settings

COOKIE: Final = "dnft_session"
_SAFE: Final = ("GET", "HEAD", "OPTIONS")

# What the reference shows. The header and the cookie are read below, where a wrong one is not taken for none.
_BEARER: Final = HTTPBearer(
    bearerFormat="JWT", scheme_name="session", description="A token of POST /v1/auth/session.", auto_error=False
)
_BY_COOKIE: Final = APIKeyCookie(
    name=COOKIE, scheme_name="page", description="The same token, for our own pages.", auto_error=False
)


class Credentials(NamedTuple):
    """A token as it came in, unchecked."""

    token: str
    by_cookie: bool


async def credentials(
    request: Request,
    world: TheWorld,
    _bearer: Annotated[object, Depends(_BEARER)],
    _cookie: Annotated[object, Depends(_BY_COOKIE)],
) -> Credentials | None:
    """What the request brings. Raises Unauthorized for an Authorization that is no bearer token, Forbidden for a cookie
    on an unsafe request from elsewhere."""
    given = request.headers.get("authorization")
    if given is not None:
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized("The Authorization header holds no bearer token.", hint="Send `Bearer` and the token.")
        return Credentials(token.strip(), by_cookie=False)
    token = request.cookies.get(COOKIE, "")
    if not token:
        return None
    if request.method not in _SAFE:
        require_own_page(request, world.settings)
    return Credentials(token, by_cookie=True)


def require_own_page(request: Request, settings: Settings) -> str:
    """The Origin of a request that must come from one of our pages. Raises Forbidden."""
    origin = request.headers.get("origin", "")
    if origin not in settings.origins:
        raise Forbidden(
            "This request does not come from a page of this site.", hint="Programs send the token as a bearer token."
        )
    return origin


async def the_sessions(world: TheWorld, edge: Edge) -> Sessions:
    """Raises DatabaseUnavailable at once while the database is down, instead of keeping a thread waiting for it."""
    edge.feed.require_database()
    return world.sessions


Given = Annotated[Credentials | None, Depends(credentials)]
SignIns = Annotated[Sessions, Depends(the_sessions)]


def maybe(given: Given, sessions: SignIns) -> Session | None:
    return sessions.authenticate(given.token) if given is not None else None


Maybe = Annotated[Session | None, Depends(maybe)]


async def signed(session: Maybe) -> Session:
    if session is None:
        raise Unauthorized("This needs a session.", hint="Sign in: GET /v1/auth/challenge, then POST /v1/auth/session.")
    return session


Signed = Annotated[Session, Depends(signed)]


def set_cookie(response: Response, session: Session, *, origin: str) -> None:
    """Hand a session to the page at `origin`. No script can read it; it ends with its token."""
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=max(0, int((session.expires_at - session.issued_at).total_seconds())),
        path="/",
        secure=origin.startswith("https:"),
        httponly=True,
        samesite="strict",
    )


def clear_cookie(response: Response, *, origin: str) -> None:
    response.delete_cookie(COOKIE, path="/", secure=origin.startswith("https:"), httponly=True, samesite="strict")
