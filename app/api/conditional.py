"""The parts of HTTP that decide which form of a resource answers a request (RFC 9110 §8.8, §12.5.3, §13, §14)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Final

IDENTITY: Final = "identity"
_PREFERENCE: Final = ("br", "gzip", IDENTITY)
MAX_HEADER: Final = 4096
"""Header values above this many characters are ignored: no honest client sends them here."""


@lru_cache(maxsize=512)
def choose_coding(accept_encoding: str) -> str:
    """br, gzip or identity: the first of these with the highest quality. Identity when nothing fits: an answer in a
    form the client can always read beats 406."""
    if not accept_encoding or len(accept_encoding) > MAX_HEADER:
        return IDENTITY
    qualities: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, _, parameters = part.partition(";")
        quality = 1.0
        key, _, value = parameters.partition("=")
        if key.strip() == "q":
            try:
                quality = float(value.strip())
            except ValueError:
                quality = 0.0
        qualities[name.strip()] = quality if 0.0 <= quality <= 1.0 else 0.0
    best, best_quality = IDENTITY, 0.0
    for coding in _PREFERENCE:
        # Not named: `*` speaks for br and gzip; identity stays acceptable, as the least preferred.
        quality = qualities.get(coding, 0.0001 if coding == IDENTITY else qualities.get("*", 0.0))
        if quality > best_quality:
            best, best_quality = coding, quality
    return best


def matches(condition: str, etags: Sequence[str]) -> str | None:
    """The etag among ours that an If-None-Match (weak comparison) or If-Match value names; None when none does."""
    if condition.strip() == "*":
        return etags[0]
    if len(condition) > MAX_HEADER:
        return None
    for candidate in condition.split(","):
        candidate = candidate.strip().removeprefix("W/")
        if candidate in etags:
            return candidate
    return None


def http_date(seconds: int) -> str:
    """IMF-fixdate of unix seconds."""
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


def parse_http_date(text: str) -> int | None:
    """Unix seconds of an HTTP date, or None for anything else."""
    if len(text) > 64:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a single satisfiable byte range; None when the header is to be ignored (another unit,
    several ranges, malformed). Raises ValueError when it is well-formed and cannot be satisfied (416)."""
    unit, _, spec = header.partition("=")
    if unit.strip().lower() != "bytes" or "," in spec or len(header) > 64:
        return None
    start_text, dash, end_text = (part.strip() for part in spec.partition("-"))
    if not dash or not (start_text + end_text).isascii() or not (start_text + end_text).isdigit():
        return None
    if not start_text:
        length = int(end_text)
        if length == 0 or size == 0:
            raise ValueError("a suffix of no bytes")
        return max(0, size - length), size - 1
    start = int(start_text)
    end = min(int(end_text), size - 1) if end_text else size - 1
    if end_text and int(end_text) < start:
        return None
    if start >= size:
        raise ValueError("the range begins behind the end")
    return start, end
