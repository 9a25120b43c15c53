"""Observations for tests. Everything is good by default; a test states only what matters to it."""

import json
import struct
import zlib
from dataclasses import replace
from typing import Any

from app.consumers.observation import HttpAnswer, Media, Observation, Target, parse_document
from app.consumers.preflight import edge_observation

ORIGIN = "https://agents.example.org"
TOKEN = f"{ORIGIN}/1/0x00000000000000000000000000000000000000aa/7"
CONTRACT = f"{ORIGIN}/1/0x00000000000000000000000000000000000000aa"
IMAGE = f"{ORIGIN}/ipfs/bafkreimedia/image.png"
ANIMATION = f"{ORIGIN}/ipfs/bafkreimedia/animation.html"
PAGE = b"<!doctype html><title>An agent</title>"


def png(width: int, height: int) -> bytes:
    """A whole, valid, black PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((width + 1) * height), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


PNG = png(1024, 1024)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="data:image/png;base64,AA=="/><path d="M0 0"/></svg>'


def document(**changes: Any) -> dict[str, Any]:
    """The hosted JSON of a token; a change to `...` removes the member."""
    whole: dict[str, Any] = {
        "type": "https://eips.ethereum.org/EIPS/eip-8004#registration-v1",
        "name": "Ysolde of the Low Tide",
        "description": "An agent that became who she is.",
        "image": IMAGE,
        "animation_url": ANIMATION,
        "external_url": f"{ORIGIN}/agents/1/0x00000000000000000000000000000000000000aa/7",
        "background_color": "1b1f2a",
        "attributes": [
            {"trait_type": "Archetype", "value": "wayfarer"},
            {"trait_type": "Warmth", "value": "tender"},
            {"trait_type": "Level", "display_type": "number", "value": 3},
        ],
        "services": [{"name": "web", "endpoint": f"{ORIGIN}/agents/1/0xaa/7"}],
        "x402Support": False,
        "active": True,
        "registrations": [],
        "supportedTrust": [],
        "beauvoir": {"snapshot": 4, "pack": "dixie@1.0.0"},
    }
    whole.update(changes)
    return {key: value for key, value in whole.items() if value is not ...}


def with_traits(*added: dict[str, Any]) -> dict[str, Any]:
    return document(attributes=[*document()["attributes"], *added])


def mibera(**changes: Any) -> dict[str, Any]:
    """A document of the pack that loa-finn reads; changes are traits, with underscores for spaces."""
    traits: dict[str, Any] = {
        "Archetype": "Freetekno",
        "Ancestor": "cypherpunk",
        "Birthday": "1352-07-21",
        "Era": "medieval",
        "Molecule": "caffeine",
        "Swag Rank": "SS",
        "Swag Score": 71,
        "Sun Sign": "gemini",
        "Moon Sign": "leo",
        "Ascending Sign": "pisces",
    }
    traits.update({key.replace("_", " "): value for key, value in changes.items()})
    return document(
        attributes=[{"trait_type": name, "value": value} for name, value in traits.items() if value is not ...],
        beauvoir={"pack": "mibera@1.0.0"},
    )


def contract(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "name": "Agents",
        "symbol": "AGNT",
        "description": "A collection",
        "image": IMAGE,
        "external_link": f"{ORIGIN}/agents",
        "collaborators": ["0x00000000000000000000000000000000000000aA"],
    }
    whole.update(changes)
    return {key: value for key, value in whole.items() if value is not ...}


def seen(
    content: dict[str, Any] | None = None,
    *,
    url: str = TOKEN,
    body: bytes | None = None,
    image: bytes = PNG,
    image_type: str = "image/png",
    animation: bytes = PAGE,
    animation_type: str = "text/html; charset=utf-8",
) -> Observation:
    """What an observer sees of a document that our edge serves; the media lie where the document says."""
    content = document() if content is None else content
    return edge_observation(
        json.dumps(content).encode() if body is None else body,
        url=url,
        media={
            str(content.get("image", "")): (image_type, image),
            str(content.get("animation_url", "")): (animation_type, animation),
        },
    )


def seen_contract(**changes: Any) -> Observation:
    return seen(contract(**changes), url=CONTRACT)


def got(observation: Observation, target: Target = "json", **changes: Any) -> Observation:
    """Another GET answer of the JSON, image or animation. `headers` are merged; None removes one."""
    if target == "json":
        answer = _changed(observation.get, changes)
        parsed, reason = parse_document(answer)
        return replace(observation, get=answer, document=parsed, parse_error=reason)
    return _media(observation, target, get=changes)


def headed(observation: Observation, target: Target = "json", **changes: Any) -> Observation:
    """Another HEAD answer."""
    if target == "json":
        assert observation.head is not None
        return replace(observation, head=_changed(observation.head, changes))
    return _media(observation, target, head=changes)


def ranged(observation: Observation, target: Target, **changes: Any) -> Observation:
    return _media(observation, target, ranged=changes)


def busted(observation: Observation, target: Target, **changes: Any) -> Observation:
    return _media(observation, target, busted=changes)


def sibling(observation: Observation, form: str, **changes: Any) -> Observation:
    changed = _changed(observation.siblings[form], changes)
    return replace(observation, siblings={**observation.siblings, form: changed})


def not_found() -> Observation:
    return got(seen(), status=404, body=b"{}")


def _media(observation: Observation, target: Target, **parts: dict[str, Any]) -> Observation:
    media = observation.media(target)
    assert media is not None
    changed: dict[str, HttpAnswer] = {}
    for name, changes in parts.items():
        answer = getattr(media, name)
        assert isinstance(answer, HttpAnswer)
        changed[name] = _changed(answer, changes)
    new: Media = replace(media, **changed)  # type: ignore[arg-type] # names are those of the answers
    return replace(observation, image=new) if target == "image" else replace(observation, animation=new)


def _changed(answer: HttpAnswer, changes: dict[str, Any]) -> HttpAnswer:
    headers = {**answer.headers, **changes.pop("headers", {})}
    kept = {name: value for name, value in headers.items() if value is not None}
    return replace(answer, headers=kept, **changes)
