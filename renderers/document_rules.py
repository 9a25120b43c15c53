"""What a published document must satisfy so that every known marketplace, wallet and indexer reads it right.

Each rule answers a consumer's measured behaviour: body limits, dropped fields, mangled traits. The writers in
`renderers.document` run these rules on their own output, so a document that breaks one cannot be made.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

import rfc8785

from renderers.hosting import IPFS, MEDIA_FIELDS

MAX_BYTES: Final = 16 * 1024
"""Size of the canonical bytes; the smallest consumer limit known is 200 KB."""
MAX_ATTRIBUTES: Final = 30
REGISTRATION_TYPE: Final = "https://eips.ethereum.org/EIPS/eip-8004#registration-v1"

_TOKEN_FIELDS: Final = frozenset(
    {"type", "name", "description", "image", "animation_url", "external_url", "background_color", "attributes"}
    | {"services", "x402Support", "active", "registrations", "supportedTrust", "beauvoir"}
)
_COLLECTION_FIELDS: Final = frozenset({"name", "symbol", "description", "external_link", "collaborators"})
_BEAUVOIR: Final[Mapping[str, type]] = {
    "snapshot": int,
    "document": int,
    "cid": str,
    "sha256": str,
    "pack": str,
    "ruleset": str,
    "day": str,
}
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_HEX6 = re.compile(r"[0-9a-f]{6}\Z")
_CID = re.compile(r"b[a-z2-7]{20,120}\Z")
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\Z")


def check_document(document: Mapping[str, Any], *, origin: str = "") -> list[str]:
    """Every broken rule of a token document in canonical or hosted form, in words; an empty list means none.

    With `origin`, the document must be canonical: `{origin}/ipfs/` is then refused everywhere.
    """
    problems = [*_shape(document, _TOKEN_FIELDS), *_texts(document, origin), *_size(document)]
    if document.get("type") != REGISTRATION_TYPE:
        problems.append(f"type is not {REGISTRATION_TYPE}")
    problems += _strings(document, ("name", "description", "image", "animation_url", "external_url"))
    problems += _links(document, ("image", "animation_url", "external_url"))
    if not _HEX6.match(str(document.get("background_color", ""))):
        problems.append("background_color is not six lower-case hex digits without #")
    problems += _attributes(document.get("attributes"))
    problems += _services(document.get("services"))
    problems += [f"{name} is not true or false" for name in ("x402Support", "active") if not _is_bool(document, name)]
    problems += [
        f"{name} is not a list" for name in ("registrations", "supportedTrust") if not _is_list(document, name)
    ]
    problems += _beauvoir(document.get("beauvoir"))
    return problems


def check_collection(document: Mapping[str, Any], *, origin: str = "") -> list[str]:
    """Every broken rule of a contractURI document (ERC-7572), in words."""
    image = ("image",) if "image" in document else ()
    problems = [*_shape(document, _COLLECTION_FIELDS.union(image)), *_texts(document, origin), *_size(document)]
    problems += _strings(document, ("name", "symbol", "description", *image, "external_link"))
    problems += _links(document, (*image, "external_link"))
    if document.get("collaborators") != []:
        problems.append("collaborators is not an empty list")
    return problems


def _shape(document: Mapping[str, Any], fields: frozenset[str]) -> Iterator[str]:
    # `properties`, `image_data` and `image_url` are among the unknown members: consumers let them replace ours.
    for name in sorted(set(document) - fields):
        yield f"member {name!r} does not belong here"
    for name in sorted(fields - set(document)):
        yield f"member {name!r} is missing"


def _size(document: Mapping[str, Any]) -> Iterator[str]:
    try:
        size = len(rfc8785.dumps(dict(document)))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as refusal:
        yield f"has no canonical form: {refusal}"
        return
    if size > MAX_BYTES:
        yield f"is {size} bytes long, over {MAX_BYTES}"


def _texts(document: Mapping[str, Any], origin: str) -> Iterator[str]:
    for where, text in _walk(document, ""):
        in_media = where in MEDIA_FIELDS
        if IPFS in (text[len(IPFS) :] if in_media and text.startswith(IPFS) else text):
            yield f"{where} contains {IPFS}"
        if origin and f"{origin}/ipfs/" in text:
            yield f"{where} contains the hosted media prefix"
        if "{id}" in text:
            yield f"{where} contains {{id}}, which indexers substitute"
        if not unicodedata.is_normalized("NFC", text):
            yield f"{where} is not in Unicode form NFC"
        if any(unicodedata.category(c) in ("Cc", "Cs", "Cf") and c != "\n" for c in text):
            yield f"{where} contains invisible characters"


def _walk(value: object, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield f"the name of {where}.{name}".replace(" .", " "), name
            yield from _walk(member, f"{where}.{name}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from _walk(member, f"{where}[{index}]")


def _strings(document: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = document.get(name)
        if not isinstance(value, str) or not value:
            yield f"{name} is not a string of at least one character"


def _links(document: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        value = document.get(name)
        schemes = (IPFS, "https://", "http://") if name in MEDIA_FIELDS else ("https://", "http://")
        if isinstance(value, str) and not value.startswith(schemes):
            yield f"{name} is not an absolute link"


def _attributes(attributes: object) -> Iterator[str]:
    if not isinstance(attributes, list):
        yield "attributes is not a list"
        return
    if not attributes or len(attributes) > MAX_ATTRIBUTES:
        yield f"there are {len(attributes)} attributes, not 1 to {MAX_ATTRIBUTES}"
    seen: set[str] = set()
    for index, attribute in enumerate(attributes):
        where = f"attributes[{index}]"
        if not isinstance(attribute, Mapping) or not set(attribute) <= {"trait_type", "value", "display_type"}:
            yield f"{where} is not an object of trait_type, value and display_type"
            continue
        trait, value = attribute.get("trait_type"), attribute.get("value")
        if not isinstance(trait, str) or not trait.strip():
            yield f"{where} has no trait_type"
        elif trait.casefold() in seen:
            yield f"{where} repeats the trait type {trait!r}"
        else:
            seen.add(trait.casefold())
        if isinstance(value, bool) or not isinstance(value, str | int) or value in ("", 0):
            yield f"{where} has a value that is neither text nor a whole number other than 0"
        shown = attribute.get("display_type")
        if "display_type" in attribute and (shown != "number" or not isinstance(value, int)):
            yield f"{where} has a display_type that does not fit its value"
        if isinstance(value, int) and shown != "number":
            yield f"{where} is a number without display_type"


def _services(services: object) -> Iterator[str]:
    if not isinstance(services, list) or not services:
        yield "services is not a list of at least one"
        return
    for index, service in enumerate(services):
        good = isinstance(service, Mapping) and set(service) == {"name", "endpoint"}
        if not good or not isinstance(service["name"], str) or not str(service["endpoint"]).startswith("http"):
            yield f"services[{index}] is not a name with an absolute endpoint"


def _beauvoir(block: object) -> Iterator[str]:
    if not isinstance(block, Mapping) or set(block) != set(_BEAUVOIR):
        yield f"beauvoir is not an object of {', '.join(_BEAUVOIR)}"
        return
    for name, kind in _BEAUVOIR.items():
        if type(block[name]) is not kind:
            yield f"beauvoir.{name} is not of type {kind.__name__}"
            return
    if block["snapshot"] < 1 or block["document"] < 1:
        yield "beauvoir.snapshot and beauvoir.document count from 1"
    for name, pattern in (("cid", _CID), ("sha256", _HEX64), ("day", _DAY)):
        if not pattern.match(block[name]):
            yield f"beauvoir.{name} is malformed"


def _is_bool(document: Mapping[str, Any], name: str) -> bool:
    return isinstance(document.get(name), bool)


def _is_list(document: Mapping[str, Any], name: str) -> bool:
    return isinstance(document.get(name), list)
