"""What agents remember of whoever is signed in: to be seen, forgotten, taken along, erased.

GET    /v1/memories          what agents remember of me, of all of them or of one
DELETE /v1/memories/{id}     forget one thing
GET    /v1/me/export         everything of mine, as one JSON file
DELETE /v1/me                erase everything of mine, for ever

What a transfer sealed is here too, for its own user only.
"""

from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.api.dependencies import Edge, TheWorld
from app.api.responses import PROBLEM
from app.api.session import Signed
from app.errors import NotFound
from app.provenance.ids import parse_agent_id

MAX_LIMIT: Final = 500
_LARGEST_ID: Final = 2**63 - 1


async def _private(response: Response) -> None:
    response.headers["cache-control"] = "no-store"
    response.headers["x-content-type-options"] = "nosniff"


def _user(world: TheWorld, edge: Edge, session: Signed) -> str:
    """The pseudonym of whoever asks. Raises DatabaseUnavailable at once while the database is down."""
    edge.feed.require_database()
    return world.pseudonym(session.account)


User = Annotated[str, Depends(_user)]
router = APIRouter(prefix="/v1", tags=["memory"], responses=PROBLEM, dependencies=[Depends(_private)])


class Wire(BaseModel):
    """camelCase on the wire."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class MemoryItem(Wire):
    id: int
    agent: str = Field(description="CAIP-19.")
    kind: str = Field(description="name, like, dislike, person, pet, project, date, promise, topic or fact")
    text: str = Field(description="The gist.")
    words: str = Field(description="Your own words.")
    day: str = Field(description="Day you last said it.")
    when: str | None = Field(description="Day it is about.")
    ended_on: str | None = Field(description="Day from which something newer holds.")
    sealed: bool = Field(description="A transfer ended this time: only you can read it, and it is not recalled.")


class MemoryList(Wire):
    items: list[MemoryItem]
    cursor: str | None = Field(description="For the next page; null on the last one.")


class Erased(Wire):
    erased: dict[str, int] = Field(
        description="How much there was: keys, memories, summaries, conversations, messages."
    )
    dry_run: bool


@router.get("/memories", summary="What agents remember of me")
def memories(
    world: TheWorld,
    user: User,
    agent: Annotated[str | None, Query(max_length=200, description="CAIP-19; default: all agents.")] = None,
    cursor: Annotated[int, Query(ge=0, le=_LARGEST_ID, description="Of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = MAX_LIMIT,
) -> MemoryList:
    """In the order you first told it."""
    one = parse_agent_id(agent) if agent is not None else None
    found = [kept for kept in world.belongings.memories(user, one) if kept.fact.id > cursor]
    items = [
        MemoryItem(
            id=kept.fact.id,
            agent=kept.agent,
            kind=kept.fact.kind,
            text=kept.fact.text,
            words=kept.fact.words,
            day=kept.fact.day,
            when=kept.fact.when,
            ended_on=kept.fact.ended,
            sealed=kept.sealed,
        )
        for kept in found[:limit]
    ]
    return MemoryList(items=items, cursor=str(items[-1].id) if len(found) > limit else None)


@router.delete("/memories/{memory_id}", summary="Forget one thing", status_code=204)
def forget(world: TheWorld, user: User, memory_id: int) -> None:
    """The summary of that agent's older talk with you goes too, because it may tell the same."""
    if not 0 < memory_id <= _LARGEST_ID:
        raise NotFound("There is no such memory of yours.")
    world.belongings.forget(user, memory_id)


@router.get("/me/export", summary="Everything of mine")
def export(world: TheWorld, user: User, session: Signed) -> Response:
    """Conversations, memories and summaries, with every agent and of every tenure."""
    body: dict[str, Any] = {
        "account": str(session.account),
        "exportedAt": world.clock.now().replace(microsecond=0).isoformat(),
        "agents": world.belongings.export(user),
    }
    headers = {
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-disposition": 'attachment; filename="my-words.json"',
    }
    return JSONResponse(body, headers=headers)


@router.delete("/me", summary="Erase everything of mine")
def erase(
    world: TheWorld,
    user: User,
    dry_run: Annotated[bool, Query(alias="dryRun", description="Only count.")] = False,
) -> Erased:
    """The keys of your words are destroyed: nobody can read them again, not in any backup either. How your talk changed
    agents stays; it is numbers, and names nobody."""
    erasing = world.erasing
    counts = erasing.count_everywhere(user) if dry_run else erasing.erase_everywhere(user)
    return Erased(erased=asdict(counts), dry_run=dry_run)
