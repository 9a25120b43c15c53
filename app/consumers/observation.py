"""What was seen of one token at one moment: the answers, the parsed document, its media."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit

Target = Literal["json", "image", "animation"]

RANGE_PROBE = 1024
"""Bytes asked for by the Range probe, from the first."""
ABSENT_ID = 2**256 - 1
"""A well-formed token id that no collection can hold: it would need a supply of 2^256."""
MOST_NESTED = 100
"""Levels of nesting that are read; no document of tokens comes near."""
_BRACKETS = re.compile(rb'[\[\]{}"]|\\.', re.DOTALL)
"""Brackets, quotes, and escapes, which may hide a quote."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CONTRACT_KEYS = frozenset({"symbol", "banner_image", "featured_image", "external_link", "collaborators"})
_TOKEN_KEYS = frozenset({"attributes", "animation_url", "beauvoir", "services"})


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One HTTP exchange as it was seen: redirects followed and listed, nothing decoded but the content encoding."""

    url: str
    """The URL that gave this answer: the last one, when redirects were followed."""
    method: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case; repeated fields joined by ', '."""
    body: bytes
    """Decoded body, cut at the observer's limit."""
    elapsed_ms: int
    redirects: tuple[str, ...] = ()
    """The URLs that were left by a redirect, oldest first."""
    error: str = ""
    """Why there was no answer (status is 0 then)."""
    truncated: bool = False

    def header(self, name: str) -> str:
        """Value of a field named in lower case, stripped; empty when absent."""
        return self.headers.get(name, "").strip()


@dataclass(frozen=True, slots=True)
class Media:
    """An image or animation the document names."""

    reference: str
    """As the document says it."""
    url: str = ""
    """Where it was fetched; empty when it was not."""
    skipped: str = ""
    """Why it was not fetched."""
    get: HttpAnswer | None = None
    head: HttpAnswer | None = None
    ranged: HttpAnswer | None = None
    """GET with `Range: bytes=0-1023`."""
    busted: HttpAnswer | None = None
    """HEAD with a query parameter added, as image resizers do."""


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything the checks may look at. Answers that were not asked for are None."""

    url: str
    """The token or contract URI as given."""
    get: HttpAnswer
    head: HttpAnswer | None = None
    preflight: HttpAnswer | None = None
    """OPTIONS as a browser sends it before a GET with an unusual header."""
    revalidated: HttpAnswer | None = None
    """GET with the ETag of `get` in If-None-Match."""
    siblings: Mapping[str, HttpAnswer] = field(default_factory=dict)
    """Answers to other spellings of the same URL, by the names of `observing.sibling_urls`."""
    document: Mapping[str, Any] | None = None
    parse_error: str = ""
    """Why there is no document."""
    image: Media | None = None
    animation: Media | None = None

    @property
    def kind(self) -> Literal["token", "contract"] | None:
        """`contract` for an ERC-7572 document, told by its keys, since the URL does not say; None when unread."""
        if self.document is None:
            return None
        keys = set(self.document)
        return "contract" if keys & _CONTRACT_KEYS and not keys & _TOKEN_KEYS else "token"

    def media(self, target: Target) -> Media | None:
        return {"image": self.image, "animation": self.animation}.get(target)

    def answer(self, target: Target) -> HttpAnswer | None:
        """The GET answer of the JSON, the image or the animation."""
        if target == "json":
            return self.get
        media = self.media(target)
        return media.get if media else None

    def head_answer(self, target: Target) -> HttpAnswer | None:
        if target == "json":
            return self.head
        media = self.media(target)
        return media.head if media else None


def redirect_target(answer: HttpAnswer) -> str | None:
    """Where a redirect leads, absolute; None when the answer is no redirect that a client may follow: no Location,
    another scheme than http(s), or one that carries credentials."""
    location = answer.header("location")
    if answer.status not in _REDIRECTS or not location:
        return None
    try:
        target = urljoin(answer.url, location)
        parts = urlsplit(target)
    except ValueError:
        return None
    followable = parts.scheme in {"http", "https"} and parts.hostname and "@" not in parts.netloc
    return target if followable else None


def parse_document(answer: HttpAnswer) -> tuple[Mapping[str, Any] | None, str]:
    """The JSON object of a 200 answer, or None and the reason. Strict as browsers are: UTF-8, no NaN or Infinity."""
    if answer.status != 200:
        return None, answer.error or f"status {answer.status}"
    if answer.truncated:
        return None, f"the body is longer than the {len(answer.body)} bytes that were read"
    if nested_deeper(answer.body, MOST_NESTED):
        return None, f"the JSON is nested more than {MOST_NESTED} levels deep"
    try:
        document = json.loads(answer.body.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        return None, f"the body is not UTF-8 (byte {error.start})"
    except ValueError as error:
        return None, f"the body is not JSON: {error}"
    if not isinstance(document, dict):
        return None, f"the body is a JSON {type(document).__name__}, not an object"
    return document, ""


def nested_deeper(body: bytes, most: int) -> bool:
    """Whether JSON opens more than `most` levels. Found before parsing, because the parser recurses in C: where a
    library has raised the recursion limit, deep JSON overflows the stack and ends the process."""
    depth, inside = 0, False
    for token in _BRACKETS.finditer(body):
        mark = token[0][:1]
        if mark == b'"':
            inside = not inside
        elif not inside and mark in b"[{":
            depth += 1
            if depth > most:
                return True
        elif not inside and mark in b"]}":
            depth -= 1
    return False


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON (RFC 8259, section 6)")
