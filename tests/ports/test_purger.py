"""One behaviour suite for CachePurger: the memory one, and the HTTP ones against a hook that remembers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from app.adapters.purge_http import HttpPurger
from app.adapters.purge_memory import MemoryPurger, NoPurger
from app.errors import Unavailable
from app.ports import CachePurger
from tests.servers import free_port

ORIGIN = "https://agents.example"
URLS = [f"{ORIGIN}/1/0xab/{token}" for token in range(70)]
TAGS = [f"c1-t{token}" for token in range(70)]


class Hook:
    """A cache's purge endpoint on loopback."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str | None, bytes]] = []
        """(method, path, authorization, body)"""
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                hook.requests.append((self.command, self.path, self.headers.get("authorization"), body))
                self.send_response(hook.status)
                self.send_header("content-length", "0")
                self.send_header("location", "/elsewhere")
                self.end_headers()

            do_POST = do_PURGE = do_GET = answer  # noqa: N815  the names http.server looks for

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def purged(self, style: str) -> set[str]:
        """The tags or paths that were dropped."""
        if style == "tags":
            return {tag for _, _, _, body in self.requests for tag in json.loads(body)["tags"]}
        return {path for _, path, _, _ in self.requests}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


@pytest.fixture(params=["memory", "tags", "urls"])
def purger(request: pytest.FixtureRequest, hook: Hook) -> CachePurger:
    if request.param == "memory":
        return MemoryPurger()
    return HttpPurger(hook.url + "/purge/", request.param, "s3cret-token")


def dropped(purger: CachePurger, hook: Hook) -> bool:
    """Whether token 3 was dropped, by URL or by tag."""
    if isinstance(purger, MemoryPurger):
        return URLS[3] in purger.urls and TAGS[3] in purger.tags
    return "/purge/1/0xab/3" in hook.purged("urls") or (
        hook.requests[0][0] == "POST" and TAGS[3] in hook.purged("tags")
    )


# --- all of them


def test_purge_drops_what_is_named(purger: CachePurger, hook: Hook) -> None:
    assert purger.active
    purger.purge(URLS, TAGS)
    assert dropped(purger, hook)


def test_purge_takes_iterators_and_nothing_at_all(purger: CachePurger, hook: Hook) -> None:
    purger.purge(iter([]), iter([]))
    assert not hook.requests
    purger.purge(iter(URLS), iter(TAGS))
    assert dropped(purger, hook)


def test_purge_again_is_no_error(purger: CachePurger, hook: Hook) -> None:
    for _ in range(3):
        purger.purge(URLS[:5], TAGS[:5])
    assert dropped(purger, hook)


def test_repr_does_not_tell_the_token(purger: CachePurger) -> None:
    assert "s3cret" not in repr(purger)


def test_no_purger_is_not_active_and_accepts_everything() -> None:
    purger: CachePurger = NoPurger()
    assert not purger.active
    purger.purge(URLS, TAGS)


# --- over HTTP


@pytest.mark.parametrize("style", ["tags", "urls"])
def test_http_names_everything_once_with_the_token(hook: Hook, style: Any) -> None:
    HttpPurger(hook.url, style, "s3cret-token").purge(URLS, TAGS)
    expected = set(TAGS) if style == "tags" else {url.removeprefix(ORIGIN) for url in URLS}
    assert hook.purged(style) == expected
    assert {authorization for _, _, authorization, _ in hook.requests} == {"Bearer s3cret-token"}
    assert {method for method, _, _, _ in hook.requests} == {"POST" if style == "tags" else "PURGE"}


def test_http_tags_are_sent_in_small_calls(hook: Hook) -> None:
    HttpPurger(hook.url, "tags", None).purge(URLS, TAGS)
    sizes = [len(json.loads(body)["tags"]) for _, _, _, body in hook.requests]
    assert sum(sizes) == 70 and max(sizes) <= 30
    assert {authorization for _, _, authorization, _ in hook.requests} == {None}


@pytest.mark.parametrize("status", [200, 202, 204, 404, 412])
def test_http_nothing_to_drop_is_success(hook: Hook, status: int) -> None:
    hook.status = status
    HttpPurger(hook.url, "urls", None).purge(URLS[:1], TAGS[:1])


@pytest.mark.parametrize("status", [302, 401, 403, 405, 429, 500, 503])
def test_http_refusal_is_unavailable_without_secrets(hook: Hook, status: int) -> None:
    hook.status = status
    with pytest.raises(Unavailable, match=str(status)) as caught:
        HttpPurger(hook.url, "urls", "s3cret-token").purge(URLS[:1], TAGS[:1])
    assert caught.value.retryable and "s3cret" not in f"{caught.value.message} {caught.value.hint}"
    assert len(hook.requests) == 1, "a redirect is not followed: it would carry the token elsewhere"


def test_http_hook_away_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        HttpPurger(f"http://127.0.0.1:{free_port()}", "tags", "s3cret-token").purge(URLS[:1], TAGS[:1])
