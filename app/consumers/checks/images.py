"""Checks of an image's bytes: signature, dimensions, and what survives in an SVG when it is sanitised."""

import re
import struct

from app.consumers.checks.answers import explained, media_type, missing
from app.consumers.observation import Observation
from app.consumers.registry import Finding, check, judged, listed, shown, skipped

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"BM", "image/bmp"),
)
_SNIFFED = {kind for _, _, kind in _SIGNATURES} | {"image/svg+xml"}
"""Types told by their first bytes without doubt; AVIF, HEIF and JPEG XL share containers and are not judged."""
_ELEMENT = re.compile(rb"<\s*([a-zA-Z][\w:.-]*)")
_IMAGE_HREF = re.compile(rb"<\s*(?:\w+:)?image\b[^<>]*?\bhref\s*=\s*[\"']?\s*([^\"'\s>]*)", re.IGNORECASE)


def sniffed(body: bytes) -> str:
    """The image type that the first bytes show; empty when they show none."""
    for offset, signature, kind in _SIGNATURES:
        if body[offset : offset + len(signature)] == signature:
            return kind
    start = without_comments(body[:4096]).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "image/svg+xml" if start.startswith((b"<svg", b"<?xml", b"<!doctype svg")) else ""


def dimensions(body: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG (ISO 15948), GIF or JPEG; None for anything else."""
    kind = sniffed(body)
    if kind == "image/png" and len(body) >= 24:
        return struct.unpack(">II", body[16:24])
    if kind == "image/gif" and len(body) >= 10:
        return struct.unpack("<HH", body[6:10])
    return _jpeg_dimensions(body) if kind == "image/jpeg" else None


def _jpeg_dimensions(body: bytes) -> tuple[int, int] | None:
    """From the first frame header (ITU-T T.81, section B.2.2)."""
    at = 2
    while at + 9 <= len(body) and body[at] == 0xFF:
        marker, length = body[at + 1], int.from_bytes(body[at + 2 : at + 4], "big")
        # SOF0–SOF15, without DHT, JPG and DAC, which lie between them.
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", body[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return None


@check("image-signature")
def image_signature(observation: Observation) -> Finding:
    """The first bytes are of the type that Content-Type says."""
    answer = observation.answer("image")
    if answer is None:
        return missing(observation, "image")
    if answer.status != 200:
        return skipped(explained(answer))
    found, said = sniffed(answer.body), media_type(answer)
    words = f"says {shown(said) or 'nothing'}, bytes are {found or 'of no type known'}"
    # octet-stream asks readers to look at the bytes: it cannot contradict them.
    if said == "application/octet-stream" or not {said, found} & _SNIFFED:
        return skipped(words)
    return judged(found == said, words)


@check("image-dimensions")
def image_dimensions(observation: Observation, *, least: int) -> Finding:
    """Both sides have at least `least` pixels."""
    answer = observation.answer("image")
    if answer is None:
        return missing(observation, "image")
    found = dimensions(answer.body) if answer.status == 200 else None
    if found is None:
        return skipped("dimensions are read from PNG, GIF and JPEG only")
    return judged(min(found) >= least, f"{found[0]} × {found[1]} pixels")


@check("svg-elements")
def svg_elements(observation: Observation, *, removed: tuple[str, ...]) -> Finding:
    """An SVG has none of the elements that sanitisers remove."""
    body, finding = _svg(observation)
    if finding is not None:
        return finding
    names = {name.rpartition(b":")[2].lower().decode("ascii", "replace") for name in _ELEMENT.findall(body)}
    found = sorted(names & set(removed))
    return judged(not found, f"has {listed([f'<{name}>' for name in found])}" if found else "nothing to remove")


@check("svg-self-contained")
def svg_self_contained(observation: Observation) -> Finding:
    """No <image> in an SVG is loaded from elsewhere."""
    body, finding = _svg(observation)
    if finding is not None:
        return finding
    outside = [href.decode("utf-8", "replace") for href in _IMAGE_HREF.findall(body)]
    outside = [href for href in outside if not href.lower().startswith(("data:", "#")) and href]
    return judged(not outside, f"loads {shown(listed(outside))}" if outside else "loads nothing")


def _svg(observation: Observation) -> tuple[bytes, Finding | None]:
    answer = observation.answer("image")
    if answer is None:
        return b"", missing(observation, "image")
    if answer.status != 200 or media_type(answer) != "image/svg+xml":
        return b"", skipped(f"not an SVG: {shown(answer.header('content-type')) or explained(answer)}")
    return without_comments(answer.body), None


def without_comments(body: bytes) -> bytes:
    """XML without its comments. A loop, because a lazy pattern takes quadratic time on many unclosed ones."""
    kept, at = [], 0
    while (start := body.find(b"<!--", at)) >= 0:
        end = body.find(b"-->", start)
        kept.append(body[at:start])
        if end < 0:
            return b"".join(kept)
        at = end + 3
    return b"".join([*kept, body[at:]])
