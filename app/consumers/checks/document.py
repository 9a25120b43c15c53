"""Checks of the document's own members: presence, types, sizes, ERC-8004 and ERC-7572 shapes."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from app.consumers.observation import Observation
from app.consumers.registry import Finding, check, failed, judged, listed, passed, shown, skipped

_ERROR_KEYS = frozenset({"error", "errors", "message", "detail", "status", "code", "title"})
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_REGISTRY = re.compile(r"[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}:[-.%a-zA-Z0-9]{1,128}")
"""A registry in ERC-8004: CAIP-2 chain, colon, address."""


def unread(observation: Observation) -> Finding:
    return skipped(f"no document was read: {shown(observation.parse_error)}")


@check("readable")
def readable(observation: Observation) -> Finding:
    """GET answers 200 with a JSON object, in UTF-8."""
    if observation.document is None:
        return failed(shown(observation.parse_error))
    return passed(f"a JSON object of {len(observation.document)} members")


@check("not-an-error")
def not_an_error(observation: Observation) -> Finding:
    """An answer with status 200 is metadata: it has a name or an image, not only words of failure."""
    if observation.get.status != 200:
        return skipped(f"status {observation.get.status}")
    if observation.document is None:
        return failed(f"200, but {shown(observation.parse_error)}")
    keys = sorted(observation.document)
    if observation.document.get("name") or observation.document.get("image"):
        return passed("200 with metadata")
    errors = [key for key in keys if key.lower() in _ERROR_KEYS]
    return failed(f"200 with neither name nor image; members: {shown(listed(errors or keys) or 'none')}")


@check("pack")
def pack(observation: Observation, *, names: tuple[str, ...]) -> Finding:
    """The document says in `beauvoir.pack` that it is of one of these packs (name@version), and that somebody was born:
    before the reveal of a blind collection there are no traits that a reader could want."""
    attributes = (observation.document or {}).get("attributes")
    if attributes == [{"trait_type": "Stage", "value": "unborn"}]:
        return judged(False, "nobody is born yet")
    beauvoir = (observation.document or {}).get("beauvoir")
    value = beauvoir.get("pack") if isinstance(beauvoir, dict) else None
    name = value.partition("@")[0] if isinstance(value, str) else ""
    return judged(name in names, f"pack {shown(value)}" if name else "names no pack")


@check("has-any")
def has_any(observation: Observation, *, keys: tuple[str, ...]) -> Finding:
    """The document has at least one of these members."""
    found = [key for key in keys if key in (observation.document or {})]
    return judged(bool(found), f"has {listed(found)}" if found else f"has none of {listed(list(keys))}")


@check("texts")
def texts(observation: Observation, *, keys: tuple[str, ...]) -> Finding:
    """These members are strings and not empty."""
    if observation.document is None:
        return unread(observation)
    wrong = [
        f"{key}: {shown(observation.document.get(key), 40)}"
        for key in keys
        if not isinstance(observation.document.get(key), str) or not observation.document[key].strip()
    ]
    return judged(not wrong, listed(wrong) or "non-empty strings")


@check("optional-texts")
def optional_texts(observation: Observation, *, keys: tuple[str, ...]) -> Finding:
    """These members, where they are given, are strings."""
    if observation.document is None:
        return unread(observation)
    given = {key: observation.document[key] for key in keys if key in observation.document}
    wrong = [f"{key}: {shown(value, 40)}" for key, value in given.items() if not isinstance(value, str)]
    return judged(not wrong, listed(wrong) or f"{len(given)} given, all strings")


@check("booleans")
def booleans(observation: Observation, *, keys: tuple[str, ...]) -> Finding:
    """These members are true or false."""
    if observation.document is None:
        return unread(observation)
    wrong = [key for key in keys if not isinstance(observation.document.get(key), bool)]
    return judged(not wrong, f"not true or false: {listed(wrong)}" if wrong else "true or false")


@check("equals")
def equals(observation: Observation, *, key: str, value: str) -> Finding:
    """This member has exactly this value."""
    if observation.document is None:
        return unread(observation)
    return judged(observation.document.get(key) == value, f"{key}: {shown(observation.document.get(key))}")


@check("no-keys")
def no_keys(observation: Observation, *, keys: tuple[str, ...]) -> Finding:
    """None of these members is at the top level."""
    if observation.document is None:
        return unread(observation)
    found = [key for key in keys if key in observation.document]
    return judged(not found, f"has {listed(found)}" if found else f"no {listed(list(keys))}")


@check("not-both")
def not_both(observation: Observation, *, keys: tuple[str, ...]) -> Finding:
    """At most one of these members is given."""
    if observation.document is None:
        return unread(observation)
    found = [key for key in keys if key in observation.document]
    return judged(len(found) < 2, f"has {' and '.join(found)}" if found else f"none of {listed(list(keys))}")


@check("no-text")
def no_text(observation: Observation, *, text: str) -> Finding:
    """These characters occur nowhere in the JSON."""
    if observation.document is None:
        return unread(observation)
    # The parsed document is looked at too: the JSON may spell a character as an escape.
    found = text in json.dumps(observation.document, ensure_ascii=False) or text.encode() in observation.get.body
    return judged(not found, f"contains {text}" if found else f"no {text}")


@check("member-size")
def member_size(observation: Observation, *, most: int) -> Finding:
    """No top-level member is longer than `most` bytes of JSON."""
    if observation.document is None:
        return unread(observation)
    sizes = {
        key: len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        for key, value in observation.document.items()
    }
    key = max(sizes, key=lambda name: sizes[name], default="")
    return judged(sizes.get(key, 0) <= most, f"the longest is {shown(key, 40)}, {sizes.get(key, 0):,} bytes")


@check("background-color")
def background_color(observation: Observation) -> Finding:
    """`background_color`, where it is given, is six hexadecimal digits without #."""
    value = (observation.document or {}).get("background_color")
    if value is None:
        return skipped("no background_color")
    good = isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{6}", value) is not None
    return judged(good, f"background_color: {shown(value)}")


@check("services")
def services(observation: Observation) -> Finding:
    """`services` is a list of objects with string `name` and `endpoint` (ERC-8004)."""
    if observation.document is None:
        return unread(observation)
    value = observation.document.get("services")
    if not isinstance(value, list):
        return failed(f"services: {shown(value, 40)}")
    wrong = [item for item in value if not _has_texts(item, ("name", "endpoint"))]
    return judged(not wrong, shown(wrong[0]) if wrong else f"{len(value)} services")


@check("registrations")
def registrations(observation: Observation) -> Finding:
    """`registrations` is a list of {agentId: integer, agentRegistry: "chain:address"} (ERC-8004)."""
    if observation.document is None:
        return unread(observation)
    value = observation.document.get("registrations")
    if not isinstance(value, list):
        return failed(f"registrations: {shown(value, 40)}")
    wrong = [
        item
        for item in value
        if not _has_texts(item, ("agentRegistry",))
        or not _REGISTRY.fullmatch(item["agentRegistry"])
        or not isinstance(item.get("agentId"), int)
        or isinstance(item.get("agentId"), bool)
    ]
    return judged(not wrong, shown(wrong[0]) if wrong else f"{len(value)} registrations")


@check("collaborators")
def collaborators(observation: Observation) -> Finding:
    """`collaborators`, where it is given, is a list of addresses (ERC-7572)."""
    value = (observation.document or {}).get("collaborators")
    if value is None:
        return skipped("no collaborators")
    good = isinstance(value, list) and all(isinstance(item, str) and _ADDRESS.fullmatch(item) for item in value)
    return judged(good, f"{len(value)} addresses" if good else shown(value))


@check("media-urls")
def media_urls(observation: Observation, *, keys: tuple[str, ...]) -> Finding:
    """These members, where they are given, are absolute http(s) or ipfs URLs."""
    if observation.document is None:
        return unread(observation)
    given = {key: observation.document[key] for key in keys if key in observation.document}
    wrong = [f"{key}: {shown(value, 60)}" for key, value in given.items() if not _is_media_url(value)]
    return judged(not wrong, listed(wrong) or f"{len(given)} given, all absolute")


@check("uri-not-data")
def uri_not_data(observation: Observation, *, prefixes: tuple[str, ...], marker: str) -> Finding:
    """The token URI itself is not a data: URL of the kind that the consumer cannot read."""
    value = observation.url.lower()
    bad = value.startswith(prefixes) and marker in value.partition(",")[0] + ","
    return judged(not bad, shown(observation.url, 60))


@check("uri-scheme")
def uri_scheme(observation: Observation, *, schemes: tuple[str, ...]) -> Finding:
    """The token URI itself has one of these schemes."""
    scheme = observation.url.partition(":")[0].lower()
    return judged(scheme in schemes, f"{shown(scheme, 40)}: URL")


def _has_texts(item: Any, keys: tuple[str, ...]) -> bool:
    return isinstance(item, Mapping) and all(isinstance(item.get(key), str) and item[key] for key in keys)


def _is_media_url(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https", "ipfs"} and bool(parts.netloc)
