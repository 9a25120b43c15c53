"""One behaviour suite for AgentPlatform: in memory, two dialects over HTTP against a server that plays bytes, and the
stand-in platform as a process, by API key and by ES256 tokens."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest

from app.adapters.platform_auth import Es256Credentials
from app.dialogue import Ask, Content, Done, Ensemble, Event, Message, ToolCall, Usage
from app.errors import PlatformRefused, PlatformUnavailable, ResumeLost, StreamBroken
from tests.adapters.wire import Wire
from tests.ports.platform_rigs import (
    ERRORS,
    WORDS,
    GatewayRig,
    MemoryRig,
    OpenAiRig,
    Rig,
    Trouble,
    as_promised,
    ask,
    by_key,
    by_token,
    es256,
    model_server,
)
from tests.standins.platforms import PlatformProcess, platform


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PlatformProcess, Es256Credentials]]:
    """A running stand-in with a language model behind it, and credentials that it accepts."""
    credentials = es256()
    keys = tmp_path_factory.mktemp("standin") / "jwks.json"
    keys.write_text(json.dumps({"keys": [credentials.jwk()]}))
    with (
        Wire(model_server) as model,
        platform(model_url=f"{model.url}/v1", model="small", client_keys=str(keys)) as server,
    ):
        yield server, credentials


@pytest.fixture(params=["memory", "gateway", "openai", "standin-key", "standin-es256"])
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    if request.param == "memory":
        yield MemoryRig()
        return
    if request.param.startswith("standin"):
        server, credentials = request.getfixturevalue("standin")
        standing = by_key(server) if request.param == "standin-key" else by_token(server, credentials)
        yield standing
        standing.platform.close()
        return
    with Wire() as wire:
        made = GatewayRig(wire) if request.param == "gateway" else OpenAiRig(wire)
        yield made
        made.platform.close()


def collect(rig: Rig, asked: Ask, after: str | None = None) -> list[tuple[str, Event]]:
    """All events of a stream."""

    async def whole() -> list[tuple[str, Event]]:
        try:
            return [found async for found in rig.platform.stream(asked, after=after)]
        finally:
            if hasattr(rig.platform, "aclose"):
                await rig.platform.aclose()

    return asyncio.run(whole())


def said(events: list[tuple[str, Event]]) -> str:
    return "".join(event.text for _, event in events if isinstance(event, Content))


# --- answers


def test_invoke_gives_the_whole_answer(rig: Rig) -> None:
    answer = as_promised(rig.platform).invoke(ask())
    assert answer.content == WORDS
    assert answer.usage == rig.usage
    assert list(answer.tool_calls) == [ToolCall("look", {"far": 1.5})]
    assert rig.keys == ["turn-1"]


def test_stream_says_the_same_and_ends_with_done(rig: Rig) -> None:
    events = collect(rig, ask())
    answer = rig.platform.invoke(ask())
    assert said(events) == answer.content
    kinds = [type(event) for _, event in events]
    assert kinds[-1] is Done and kinds.count(Done) == 1 and kinds.count(Usage) == 1
    assert kinds.index(ToolCall) < kinds.index(Usage)
    assert [event for _, event in events if isinstance(event, Usage | ToolCall)] == [
        *answer.tool_calls,
        answer.usage,
    ]


def test_stream_comes_in_pieces(rig: Rig) -> None:
    assert sum(isinstance(event, Content) for _, event in collect(rig, ask())) > 1


def test_models_are_pools(rig: Rig) -> None:
    assert "native" in rig.platform.models() and "cheap" in rig.platform.models()


def test_budget_adds_up_or_is_not_ours_to_see(rig: Rig) -> None:
    found = rig.platform.budget()
    if rig.sees_budget:
        assert found.limit_micro == found.spent_micro + found.remaining_micro > 0
    else:
        assert found is None


def test_health_names_parts(rig: Rig) -> None:
    found = rig.platform.health()
    assert found.healthy and found.parts and found.parts.keys() == found.latency_ms.keys()


def test_name_and_repr_tell_no_key(rig: Rig) -> None:
    assert rig.platform.name and "k3y" not in repr(rig.platform)


# --- refusals


@pytest.mark.parametrize("trouble", list(ERRORS))
def test_refusal_is_the_same_error_from_invoke_and_stream(rig: Rig, trouble: Trouble) -> None:
    rig.trouble = trouble
    with pytest.raises(ERRORS[trouble]) as invoked:
        rig.platform.invoke(ask())
    with pytest.raises(ERRORS[trouble]) as streamed:
        collect(rig, ask())
    assert type(invoked.value) is type(streamed.value) is ERRORS[trouble]
    assert set(rig.keys) <= {"turn-1"}
    if trouble == "limited":
        assert invoked.value.retry_after == streamed.value.retry_after == 17


def test_down_is_told_by_every_question(rig: Rig) -> None:
    rig.trouble = "down"
    with pytest.raises(PlatformUnavailable):
        rig.platform.models()
    with pytest.raises(PlatformUnavailable):
        rig.platform.health()


def test_invoke_after_an_outage_works_again(rig: Rig) -> None:
    rig.trouble = "down"
    with pytest.raises(PlatformUnavailable) as caught:
        rig.platform.invoke(ask())
    assert caught.value.retryable and caught.value.retry_after
    rig.trouble = ""
    assert rig.platform.invoke(ask()).content == WORDS


@pytest.mark.parametrize(
    "bad",
    [
        {"key": ""},
        {"key": "x" * 129},
        {"key": "a\r\nx-evil: 1"},
        {"key": "schlüssel"},
        {"key": " a"},
        {"messages": []},
        {"messages": [Message("user", "a")] * 51},
        {"messages": [Message("user", "")]},
        {"messages": [Message("user", "a" * 32_001)]},
        {"messages": [Message("user", "\N{GRINNING FACE}" * 16_001)]},
        {"messages": [Message("user", "\ud800")]},
        {"messages": [Message("tool", "a")]},  # type: ignore[arg-type]  # what types forbid is refused too
        {"agent": ""},
        {"agent": "a" * 257},
        {"pool": "huge"},
        {"tools": ["t"] * 21},
        {"channel": "a\nb"},
        {"holder": "\ud800"},
        {"holder": "h" * 257},
        {"ensemble": Ensemble("best_of_n", n=11)},
        {"ensemble": Ensemble("best_of_n", models="abcdef")},
    ],
    ids=lambda bad: str(bad)[:40],
)
def test_ask_that_nobody_takes_is_refused_before_it_is_sent(rig: Rig, bad: dict[str, Any]) -> None:
    with pytest.raises(PlatformRefused):
        rig.platform.invoke(ask(**bad))
    with pytest.raises(PlatformRefused):
        collect(rig, ask(**bad))
    assert rig.keys == []


def test_longest_messages_are_taken(rig: Rig) -> None:
    assert rig.platform.invoke(ask(messages=[Message("user", "a" * 32_000)] * 2)).content == WORDS


# --- broken streams


def test_stream_that_ends_without_done_is_broken_and_says_where(rig: Rig) -> None:
    rig.trouble = "breaks"

    async def until_it_breaks() -> tuple[list[str], StreamBroken]:
        seen: list[str] = []
        try:
            async for event_id, _ in rig.platform.stream(ask()):
                seen.append(event_id)
        except StreamBroken as error:
            return seen, error
        raise AssertionError("it did not break")

    seen, error = asyncio.run(until_it_breaks())
    assert len(seen) == 2
    assert error.retryable and error.last_id == seen[-1] == ("2" if rig.resumes else "")


def test_resume_goes_on_after_the_last_event_under_the_same_key(rig: Rig) -> None:
    whole = collect(rig, ask())
    if not rig.resumes:
        with pytest.raises(ResumeLost):
            collect(rig, ask(), after="2")
        return
    assert collect(rig, ask(), after="2") == whole[2:]
    assert rig.keys == ["turn-1", "turn-1"]


def test_resume_that_is_lost_needs_a_new_key(rig: Rig) -> None:
    collect(rig, ask())
    rig.trouble = "lost"
    with pytest.raises(ResumeLost) as caught:
        collect(rig, ask(), after="2")
    assert "new key" in caught.value.hint
    rig.trouble = ""
    assert said(collect(rig, ask("turn-1b"))) == WORDS


@pytest.mark.parametrize("after", ["x\r\ny", "\N{ARABIC-INDIC DIGIT TWO}", "a b"])
def test_resume_after_nonsense_is_lost(rig: Rig, after: str) -> None:
    with pytest.raises(ResumeLost):
        collect(rig, ask(), after=after)


def test_stream_closed_early_leaves_the_platform_usable(rig: Rig) -> None:
    async def first_only() -> Event:
        async with aclosing(rig.platform.stream(ask())) as events:
            found: tuple[str, Event] = await anext(events)
            return found[1]

    assert isinstance(asyncio.run(first_only()), Content)
    assert said(collect(rig, ask())) == WORDS
