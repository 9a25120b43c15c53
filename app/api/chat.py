"""Talking with an agent. Everything but the consent text needs a session; what is another's is not found."""

from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.dependencies import TheWorld
from app.api.events import EventStream, after, frame, frames
from app.api.responses import PROBLEM
from app.api.session import Signed
from app.errors import TooLarge
from app.identity import Account
from app.provenance.ids import AgentId, parse_agent_id
from app.services.chat import CONSENT, Chat, Conversations, Intent, Turn
from app.services.chat.allowances import stamp

router = APIRouter(prefix="/v1", tags=["chat"], responses=PROBLEM)

MAX_REQUEST = 400_000
"""Bytes of a request: a message of 32,000 characters, escaped as JSON allows, and no more."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", populate_by_name=True)


class NewConversation(_Body):
    agent: str = Field(max_length=300, description="CAIP-19 id of the token.")
    consent: str = Field(max_length=20, description="Version of the text of GET /v1/consent that was agreed to.")
    off_record: bool = Field(False, alias="offRecord", description="Keep nothing beyond the reply.")


class NewMessage(_Body):
    content: str = Field(max_length=200_000, description="1 to 32,000 characters.")


def _chat(world: TheWorld) -> Chat:
    return world.chat


async def _bounded(request: Request) -> None:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_REQUEST:
        raise TooLarge(f"A request here has {MAX_REQUEST:,} bytes at most.")


def _private(response: Response) -> None:
    response.headers["cache-control"] = "no-store"


TheChat = Annotated[Chat, Depends(_chat)]
Id = Annotated[str, Path(alias="id", max_length=40)]
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=128)]
LastId = Annotated[str | None, Header(alias="Last-Event-ID")]
PRIVATE = [Depends(_private), Depends(_bounded)]


def _agent(text: str) -> AgentId:
    return parse_agent_id(text)


@router.get("/consent", summary="What is kept, who can read it, what it changes")
async def consent() -> dict[str, str]:
    return {"version": CONSENT.version, "text": CONSENT.text}


# --- conversations


@router.post("/conversations", status_code=201, summary="Begin a conversation", dependencies=PRIVATE)
def start(session: Signed, chat: TheChat, body: NewConversation) -> dict[str, Any]:
    """Needs consent: `consent` is the version of the text that was shown."""
    talk = chat.conversations.start(session.account, _agent(body.agent), body.consent, off_record=body.off_record)
    return talk.view()


@router.get("/conversations", summary="Your conversations, the newest first", dependencies=PRIVATE)
def conversations(
    session: Signed,
    chat: TheChat,
    agent: Annotated[str | None, Query(max_length=300)] = None,
    cursor: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    wanted = _agent(agent) if agent is not None else None
    talks, following = chat.conversations.page(session.account, agent=wanted, cursor=cursor, limit=limit)
    return {"items": [talk.view() for talk in talks], "cursor": following or None}


@router.get("/conversations/{id}", summary="One conversation", dependencies=PRIVATE)
def conversation(session: Signed, chat: TheChat, conversation_id: Id) -> dict[str, Any]:
    return chat.conversations.get(session.account, conversation_id).view()


@router.delete("/conversations/{id}", status_code=204, summary="Delete it with all messages", dependencies=PRIVATE)
async def delete(session: Signed, chat: TheChat, conversation_id: Id) -> None:
    """What the agent remembers from it stays; see /v1/memories. A reply under way is ended."""
    await chat.turns.end_all(session.account, conversation_id)
    await chat.threads.run(chat.conversations.delete, session.account, conversation_id)


@router.get("/conversations/{id}/export", summary="Everything of it, as one document", dependencies=PRIVATE)
def export(session: Signed, chat: TheChat, conversation_id: Id, response: Response) -> dict[str, Any]:
    found = chat.conversations.export(session.account, conversation_id)
    response.headers["content-disposition"] = f'attachment; filename="conversation-{found["conversation"]["id"]}.json"'
    return found


@router.get("/allowance", summary="What you may still say and spend today", dependencies=PRIVATE)
def allowance(session: Signed, chat: TheChat, agent: Annotated[str, Query(max_length=300)]) -> dict[str, Any]:
    left = chat.conversations.allowance(session.account, _agent(agent))
    limits = left.limits
    return {
        "remaining": left.remaining(),
        "resetsAt": stamp(left.resets_at),
        "budget": {
            "messagesPerMinute": limits.holder_minute,
            "messagesPerDay": limits.holder_day,
            "costMicroPerDay": limits.holder_micro,
        },
    }


# --- messages


@router.get("/conversations/{id}/messages", summary="Messages, a page at a time", dependencies=PRIVATE)
def messages(
    session: Signed,
    chat: TheChat,
    conversation_id: Id,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> dict[str, Any]:
    """The newest page first, each in order; `before` of an answer asks for the page before it."""
    items, earlier = chat.conversations.messages(session.account, conversation_id, before=before, limit=limit)
    return {"items": items, "before": earlier}


_STREAM: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Both messages; or, with `Accept: text/event-stream`, the events of the reply.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    }
}


@router.post("/conversations/{id}/messages", summary="Say something", dependencies=PRIVATE, responses=_STREAM)
async def send(
    request: Request, session: Signed, chat: TheChat, conversation_id: Id, body: NewMessage, key: Key = None
) -> Any:
    """With `Accept: text/event-stream` the reply comes as it is written: `message`, then `content`, `thinking` and
    `tool_call`, then `usage`, `error` if it failed, and `done`. Else both messages, when the reply is over. The same
    Idempotency-Key again is the same turn."""
    intent = Intent("send", body.content, client_key=key)
    return await _turn(request, session.account, chat, conversation_id, intent)


@router.post("/conversations/{id}/messages/{number}/edit", summary="Edit your last message", dependencies=PRIVATE)
async def edit(
    request: Request,
    session: Signed,
    chat: TheChat,
    conversation_id: Id,
    number: Number,
    body: NewMessage,
    key: Key = None,
) -> Any:
    """A new message that stands for the old one, and a reply to it; answers like saying something."""
    intent = Intent("edit", body.content, number, key)
    return await _turn(request, session.account, chat, conversation_id, intent)


@router.post("/conversations/{id}/messages/{number}/regenerate", summary="Write a reply anew", dependencies=PRIVATE)
async def regenerate(
    request: Request, session: Signed, chat: TheChat, conversation_id: Id, number: Number, key: Key = None
) -> Any:
    """Another reply to the same message, which stands for the old one; answers like saying something."""
    intent = Intent("regenerate", target=number, client_key=key)
    return await _turn(request, session.account, chat, conversation_id, intent)


@router.post("/conversations/{id}/messages/{number}/cancel", summary="End a reply", dependencies=PRIVATE)
async def cancel(session: Signed, chat: TheChat, conversation_id: Id, number: Number) -> dict[str, Any]:
    """What was said stays. One that is over already stays as it is."""
    await chat.turns.cancel(session.account, conversation_id, number)
    return await chat.threads.run(chat.conversations.message, session.account, conversation_id, number)


@router.get(
    "/conversations/{id}/messages/{number}/events",
    summary="The rest of a reply's events",
    dependencies=PRIVATE,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    session: Signed, chat: TheChat, conversation_id: Id, number: Number, last_event_id: LastId = None
) -> Response:
    """After the event that Last-Event-ID names; from the first without it."""
    turn = await chat.turns.find(session.account, conversation_id, number)
    return _stream(session.account, chat, turn, after(last_event_id, number))


async def _turn(request: Request, account: Account, chat: Chat, conversation_id: str, intent: Intent) -> Any:
    turn = await chat.turns.begin(account, conversation_id, intent)
    if "text/event-stream" in request.headers.get("accept", ""):
        return _stream(account, chat, turn, 0)
    async with aclosing(chat.turns.follow(account, turn)) as told:
        said = [each async for each in told]
    return await chat.threads.run(_both, chat.conversations, account, turn, said)


def _both(conversations: Conversations, account: Account, turn: Turn, said: Any) -> dict[str, Any]:
    """Off the record the rows hold no text; then it is what was told."""
    user = conversations.message(account, turn.conversation_id, turn.user)
    reply = conversations.message(account, turn.conversation_id, turn.reply)
    reply["content"] = reply["content"] or "".join(each.data["text"] for each in said if each.event == "content")
    return {"user": user, "reply": reply}


def _stream(account: Account, chat: Chat, turn: Turn, seq: int) -> Response:
    first = b"" if seq else frame(turn.reply, 0, "message", {"user": turn.user, "reply": turn.reply})
    return EventStream(frames(chat.turns.follow(account, turn, seq), turn.reply, first=first))
