"""Talking through the real server: streams, JSON, resuming, and what happens when anything dies in the middle."""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.chatting import ALICE, BOB, CAROL, Place, follow, hand_over, place, stream, text_of
from tests.signing import Visitor
from tests.standins.platforms import wait_until
from tests.worlds import running_server


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("chat"), piece_ms=2) as made:
        yield made


@pytest.fixture(scope="module")
def alice(town: Place) -> Visitor:
    return town.visitor(ALICE)


def say(visitor: Visitor, talk: str, text: str = "Who are you?", **given: Any) -> httpx.Response:
    return visitor.send("POST", f"/v1/conversations/{talk}/messages", json={"content": text}, timeout=30, **given)


@contextmanager
def silent_platform(town: Place) -> Iterator[None]:
    """The next answer breaks off after four events, and whoever asks for the rest waits: the reply is being written for
    as long as the block takes."""
    town.platform.fault("stream", afterEvents=4)
    town.platform.fault("stream", delayMs=600_000)
    yield
    town.platform.http.delete("/_dev/faults")


def test_consent_is_public_and_has_a_version(town: Place) -> None:
    answer = town.server.get("/v1/consent")
    assert answer.status_code == 200
    assert set(answer.json()) == {"version", "text"} and "\n" not in answer.json()["text"]


def test_stream_tells_message_content_usage_done_in_order(town: Place, alice: Visitor) -> None:
    talk = town.talk(alice)
    frames = stream(alice, "POST", f"/v1/conversations/{talk}/messages", json={"content": "Who are you?"})
    kinds = [frame.event for frame in frames]
    assert kinds[0] == "message" and frames[0].data == {"user": 1, "reply": 2}
    assert kinds[-2:] == ["usage", "done"] and set(kinds[1:-2]) == {"content"}
    assert [frame.id for frame in frames] == [f"2.{seq}" for seq in range(len(frames))]
    assert set(frames[-2].data) == {"promptTokens", "completionTokens", "costMicro", "pool", "reason", "model"}
    assert frames[-1].data == {"number": 2, "state": "complete"}
    items = alice.send("GET", f"/v1/conversations/{talk}/messages").json()["items"]
    assert items[1]["content"] == text_of(frames) and len(text_of(frames)) > 20


def test_json_answer_holds_both_messages(town: Place, alice: Visitor) -> None:
    talk = town.talk(alice)
    answer = say(alice, talk)
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body["user"]["content"] == "Who are you?" and body["reply"]["state"] == "complete"
    assert body["reply"]["usage"]["costMicro"] > 0 and body["reply"]["reason"]


def test_offline_voice_remembers_a_name_in_the_next_conversation(town: Place, alice: Visitor) -> None:
    say(alice, town.talk(alice), "My name is Ottoline and I love quinces.")
    reply = say(alice, town.talk(alice), "What do you remember about me?").json()["reply"]["content"]
    assert "quinces" in reply or "Ottoline" in reply


def test_events_after_last_event_id_give_the_rest(town: Place, alice: Visitor) -> None:
    talk = town.talk(alice)
    path = f"/v1/conversations/{talk}/messages"
    begun = stream(alice, "POST", path, json={"content": "Tell me a riddle."}, stop_after=4)
    rest = stream(alice, "GET", f"{path}/2/events", headers={"last-event-id": begun[-1].id})
    assert [frame.id for frame in begun + rest] == [f"2.{seq}" for seq in range(len(begun + rest))]
    items = alice.send("GET", path).json()["items"]
    assert items[1]["content"] == text_of(begun + rest)
    whole = stream(alice, "GET", f"{path}/2/events")
    assert text_of(whole) == items[1]["content"]


def test_cancel_keeps_what_was_told(town: Place, alice: Visitor) -> None:
    talk = town.talk(alice)
    path = f"/v1/conversations/{talk}/messages"
    with silent_platform(town):
        seen = stream(alice, "POST", path, json={"content": "Tell me everything."}, stop_after=2)
        answer = alice.send("POST", f"{path}/2/cancel")
    assert answer.status_code == 200 and answer.json()["state"] == "cancelled"
    assert text_of(seen) and answer.json()["content"].startswith(text_of(seen))
    assert stream(alice, "GET", f"{path}/2/events")[-1].data == {"number": 2, "state": "cancelled"}


def test_same_idempotency_key_is_one_turn(town: Place, alice: Visitor) -> None:
    talk = town.talk(alice)
    headers = {"idempotency-key": "once"}
    first, again = say(alice, talk, headers=headers), say(alice, talk, headers=headers)
    assert first.json() == again.json()
    assert say(alice, talk, "Another.", headers=headers).status_code == 409
    assert len(alice.send("GET", f"/v1/conversations/{talk}/messages").json()["items"]) == 2


def test_regenerate_and_edit_answer_like_a_message(town: Place, alice: Visitor) -> None:
    talk = town.talk(alice)
    say(alice, talk)
    path = f"/v1/conversations/{talk}/messages"
    anew = alice.send("POST", f"{path}/2/regenerate").json()["reply"]
    assert (anew["number"], anew["replaces"], anew["replyTo"]) == (3, 2, 1)
    edited = alice.send("POST", f"{path}/1/edit", json={"content": "What is your name?"}).json()
    assert edited["user"]["replaces"] == 1 and edited["reply"]["replyTo"] == edited["user"]["number"]


def test_start_without_consent_is_a_conflict_that_says_so(town: Place, alice: Visitor) -> None:
    answer = alice.send("POST", "/v1/conversations", json={"agent": str(town.agent), "consent": "0"})
    assert (answer.status_code, answer.json()["code"]) == (409, "consent-needed")


def test_every_route_without_a_session_is_401_and_for_a_stranger_404(town: Place, alice: Visitor) -> None:
    talk = town.talk(alice)
    say(alice, talk)
    bob = town.visitor(BOB)
    root = f"/v1/conversations/{talk}"
    routes: list[tuple[str, str, Any]] = [
        ("GET", root, None),
        ("GET", f"{root}/messages", None),
        ("GET", f"{root}/export", None),
        ("POST", f"{root}/messages", {"content": "Hi"}),
        ("POST", f"{root}/messages/1/edit", {"content": "Hi"}),
        ("POST", f"{root}/messages/2/regenerate", None),
        ("POST", f"{root}/messages/2/cancel", None),
        ("GET", f"{root}/messages/2/events", None),
        ("DELETE", root, None),
    ]
    for method, path, body in routes:
        assert bob.send(method, path, json=body).status_code == 404, (method, path)
        assert town.server.client.request(method, town.server.url + path, json=body).status_code == 401, (method, path)
    listed = bob.send("GET", "/v1/conversations", params={"agent": str(town.agent)}).json()["items"]
    assert talk not in [item["id"] for item in listed]
    assert bob.send("GET", "/v1/conversations", params={"cursor": talk}).status_code == 404
    assert len(alice.send("GET", f"{root}/messages").json()["items"]) == 2


def test_allowance_says_what_is_left(town: Place, alice: Visitor) -> None:
    answer = alice.send("GET", "/v1/allowance", params={"agent": str(town.agent)}).json()
    assert answer["remaining"]["messages"] > 0 and answer["resetsAt"].endswith("Z") and answer["budget"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"content": ""}, 400),
        ({"content": "a" * 32_001}, 413),
        ({"content": "a" * 300_000}, 400),
        ({"content": "a" * 500_000}, 413),
        ({"content": 7}, 400),
        ({}, 400),
        ([], 400),
    ],
)
def test_malformed_message_is_refused_with_a_problem(town: Place, alice: Visitor, body: Any, status: int) -> None:
    talk = town.talk(alice)
    answer = alice.send("POST", f"/v1/conversations/{talk}/messages", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["\x00\x1b[2J\u202e hidden", "line\r\nevent: done\r\ndata: {}\r\n\r\n", "😀" * 12_000])
def test_hostile_message_is_answered_and_comes_back_as_it_was(town: Place, alice: Visitor, text: str) -> None:
    talk = town.talk(alice)
    assert say(alice, talk, text).json()["user"]["content"] == text


def test_export_and_delete(town: Place, alice: Visitor) -> None:
    talk = town.talk(alice)
    say(alice, talk)
    exported = alice.send("GET", f"/v1/conversations/{talk}/export")
    assert "attachment" in exported.headers["content-disposition"] and len(exported.json()["messages"]) == 2
    assert alice.send("DELETE", f"/v1/conversations/{talk}").status_code == 204
    assert alice.send("GET", f"/v1/conversations/{talk}").status_code == 404


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 429, "code": "RATE_LIMITED", "headers": {"Retry-After": "40"}}, "platform-limited"),
        ({"status": 402, "code": "BUDGET_EXCEEDED"}, "budget-exhausted"),
        ({"status": 403, "code": "MODEL_NOT_ALLOWED"}, "platform-denied"),
    ],
)
def test_platform_refuses_and_the_reply_says_why(town: Place, alice: Visitor, fault: dict[str, Any], code: str) -> None:
    talk = town.talk(alice)
    for endpoint in ("stream", "invoke"):
        town.platform.fault(endpoint, **fault)
    frames = stream(alice, "POST", f"/v1/conversations/{talk}/messages", json={"content": "Hello?"})
    town.platform.http.delete("/_dev/faults")
    assert [frame.event for frame in frames] == ["message", "error", "done"]
    assert frames[1].data["code"] == code and frames[2].data["state"] == "failed"
    public = town.server.get(f"/{town.agent.chain_id}/{town.agent.contract.lower()}/0")
    assert public.status_code == 200


def test_platform_truncates_and_the_answer_is_whole_and_charged_once(town: Place, alice: Visitor) -> None:
    talk = town.talk(alice)
    before = len(town.platform.requests())
    town.platform.fault("stream", afterEvents=3)
    town.platform.fault("stream", afterEvents=2, drop=True)
    reply = say(alice, talk, "Tell me a riddle.").json()["reply"]
    assert reply["state"] == "complete"
    asked = town.platform.requests()[before:]
    assert len(asked) == 3
    assert len({request["headers"]["x-idempotency-key"] for request in asked}) == 1


def test_transfer_in_the_middle_seals_for_the_seller_and_shows_the_buyer_nothing(tmp_path: Path) -> None:
    with place(tmp_path) as town:
        alice, bob = town.visitor(ALICE), town.visitor(BOB)
        talk = town.talk(alice)
        say(alice, talk, "My secret name is Zebulon.")
        hand_over(town, BOB)
        time.sleep(5.1)  # what the server knew of the owner is at most five seconds old, and nothing tells of it sooner
        answer = say(alice, talk)
        assert (answer.status_code, answer.json()["code"]) == (409, "sealed")
        assert alice.send("GET", f"/v1/conversations/{talk}").json()["sealed"] is True
        follow(town.world, town.collection)
        theirs = town.talk(bob)
        assert bob.send("GET", f"/v1/conversations/{theirs}").json()["role"] == "owner"
        say(bob, theirs, "What do you remember about me?")
        assert "Zebulon" not in str(town.platform.requests()[-1])


def test_guest_where_not_wanted_is_403(tmp_path: Path) -> None:
    with place(tmp_path) as town:
        project = town.world.project_id()
        with town.world.database.write() as unit:
            unit.collections.get(project, town.collection).guests = False
        carol = town.visitor(CAROL)
        answer = carol.send("POST", "/v1/conversations", json={"agent": str(town.agent), "consent": "1"})
        assert answer.status_code == 403
        assert say(town.visitor(ALICE), town.talk(town.visitor(ALICE))).status_code == 200


def test_server_killed_in_mid_stream_transcript_has_what_was_sent_and_one_charge(tmp_path: Path) -> None:
    with place(tmp_path, settings={"chat_stale_seconds": 2}) as town:
        alice = town.visitor(ALICE)
        talk = town.talk(alice)
        path = f"/v1/conversations/{talk}/messages"
        with silent_platform(town):
            seen = stream(alice, "POST", path, json={"content": "Tell me who you are."}, stop_after=2)
            assert alice.send("GET", path).json()["items"][1]["state"] == "streaming"
            for process in town.server.processes():
                os.kill(process, signal.SIGKILL)
        with running_server(town.world) as again:
            there = Visitor(again, alice.account, alice.token)

            def given_up() -> bool:
                state: str = there.send("GET", path).json()["items"][1]["state"]
                return state == "failed"

            wait_until(given_up, 20)
            reply = there.send("GET", path).json()["items"][1]
            assert reply["content"].startswith(text_of(seen)) and text_of(seen)
            with sqlite3.connect(tmp_path / "dnft.db") as database:
                charges = database.execute("SELECT state, first FROM charge").fetchall()
            assert charges == [("settled", 1)]
            rest = stream(there, "GET", f"{path}/2/events", headers={"last-event-id": seen[-1].id})
            assert text_of(seen) + text_of(rest) == reply["content"]
            assert rest[-1].data == {"number": 2, "state": "failed"}
            anew = there.send("POST", f"{path}/2/regenerate", timeout=30).json()["reply"]
            assert anew["state"] == "complete"


def test_platform_down_is_a_clear_state_and_nothing_is_lost(tmp_path: Path) -> None:
    with place(tmp_path) as town:
        alice = town.visitor(ALICE)
        talk = town.talk(alice)
        town.platform.process.kill()
        town.platform.process.wait()
        frames = stream(alice, "POST", f"/v1/conversations/{talk}/messages", json={"content": "Hello?"})
        assert [frame.event for frame in frames] == ["message", "error", "done"]
        assert frames[1].data["code"] == "platform-unavailable" and frames[1].data["retryable"]
        items = alice.send("GET", f"/v1/conversations/{talk}/messages").json()["items"]
        assert items[0]["content"] == "Hello?" and items[1]["state"] == "failed"
        assert town.server.get(f"/{town.agent.chain_id}/{town.agent.contract.lower()}/0").status_code == 200
