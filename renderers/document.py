"""The token document: one JSON object, valid as ERC-721/OpenSea metadata and as an ERC-8004 registration file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from renderers.document_rules import REGISTRATION_TYPE, check_collection, check_document
from renderers.hosting import Document, canonical_document, canonical_from_hosted, hosted, hosted_document
from renderers.model import DIALS, State, Subject
from renderers.placeholder import STAGE, STATE, Sealed
from renderers.portrait import background_color
from renderers.texts import plain

__all__ = [
    "Document",
    "DocumentRefused",
    "Place",
    "Sources",
    "canonical_document",
    "canonical_from_hosted",
    "check_collection",
    "check_document",
    "collection_document",
    "hosted",
    "hosted_document",
    "placeholder_token_document",
    "token_document",
]

NAME_LIMIT: Final = 120
DESCRIPTION_LIMIT: Final = 2000
_VALUE_LIMIT: Final = 80

_CONTRACT = re.compile(r"0x[0-9a-fA-F]{40}\Z")
_ORIGIN = re.compile(r"https?://[^\s/?#@]+(/[^\s?#]*[^\s?#/])?\Z")


class DocumentRefused(ValueError):
    """The input would make a document that a consumer misreads. `problems` lists every broken rule; no retry helps."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the document cannot be published: " + "; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document will be served, and what it names. `contract` is a 20-byte address (EIP-55); links write it in
    lower case. Raises DocumentRefused when malformed."""

    origin: str
    chain_id: int
    contract: str
    token_id: int

    def __post_init__(self) -> None:
        _require_place(self.origin, self.chain_id, self.contract, self.token_id)


@dataclass(frozen=True, slots=True)
class Sources:
    """What a document was made from: the media directory's content id, and BEAUVOIR.md's number, content id and sha256
    (64 hex digits); the ruleset; the day, YYYY-MM-DD."""

    media_cid: str
    beauvoir_cid: str
    beauvoir_sha256: str
    document_version: int
    ruleset: str
    day: str


def token_document(
    *,
    subject: Subject,
    state: State,
    description: str,
    band_words: tuple[str, ...],
    place: Place,
    sources: Sources,
) -> Document:
    """The canonical document of one snapshot, in Unicode form NFC, ready for RFC 8785.

    `band_words` are the sixteen words the dials show, in the order of `DIALS`; stage and level come from `state`.
    Raises DocumentRefused.
    """
    if len(band_words) != len(DIALS):
        raise DocumentRefused([f"there are {len(band_words)} band words, not {len(DIALS)}"])
    traits = [*subject.signals, *zip(DIALS, band_words, strict=True), ("Stage", state.stage), ("Level", state.level)]
    return _document(
        subject.name, description, traits, background_color(subject), subject.pack, state.snapshot, place, sources
    )


def placeholder_token_document(*, sealed: Sealed, description: str, place: Place, sources: Sources) -> Document:
    """The canonical document of snapshot 1 of a blind collection: no traits but the stage. Raises DocumentRefused."""
    traits = [("Stage", STAGE)]
    return _document(sealed.name, description, traits, sealed.colours[0], sealed.pack, STATE.snapshot, place, sources)


def _document(
    name: str,
    description: str,
    traits: Sequence[tuple[str, str | int]],
    background: str,
    pack: str,
    snapshot: int,
    place: Place,
    sources: Sources,
) -> Document:
    path = f"{place.chain_id}/{place.contract.lower()}/{place.token_id}"
    document: Document = {
        "type": REGISTRATION_TYPE,
        "name": plain(name, NAME_LIMIT),
        "description": plain(description, DESCRIPTION_LIMIT, lines=True),
        "image": f"ipfs://{sources.media_cid}/image.png",
        "animation_url": f"ipfs://{sources.media_cid}/animation.html",
        "external_url": f"{place.origin}/agents/{path}",
        "background_color": background,
        "attributes": [_attribute(trait, value) for trait, value in traits],
        "services": [
            {"name": "web", "endpoint": f"{place.origin}/agents/{path}"},
            {"name": "beauvoir", "endpoint": f"{place.origin}/{path}/beauvoir"},
        ],
        "x402Support": False,
        "active": True,
        "registrations": [],
        "supportedTrust": [],
        "beauvoir": {
            "snapshot": snapshot,
            "document": sources.document_version,
            "cid": sources.beauvoir_cid,
            "sha256": sources.beauvoir_sha256,
            "pack": pack,
            "ruleset": sources.ruleset,
            "day": sources.day,
        },
    }
    return _accepted(document, check_document(document, origin=place.origin))


def collection_document(
    *, name: str, symbol: str, description: str, image_cid: str | None, origin: str, chain_id: int, contract: str
) -> Document:
    """The canonical contractURI document (ERC-7572). `image_cid` is a media directory; None while there is no picture
    yet, and then the optional image is left out. Raises DocumentRefused."""
    _require_place(origin, chain_id, contract, 0)
    document: Document = {
        "name": plain(name, NAME_LIMIT),
        "symbol": plain(symbol, 32),
        "description": plain(description, DESCRIPTION_LIMIT, lines=True),
        "external_link": f"{origin}/agents",
        "collaborators": [],
    }
    if image_cid is not None:
        document["image"] = f"ipfs://{image_cid}/image.png"
    return _accepted(document, check_collection(document, origin=origin))


def _attribute(name: str, value: str | int) -> dict[str, str | int]:
    trait_type = plain(name, _VALUE_LIMIT)
    if isinstance(value, int):
        return {"trait_type": trait_type, "display_type": "number", "value": value}
    return {"trait_type": trait_type, "value": plain(value, _VALUE_LIMIT)}


def _require_place(origin: str, chain_id: int, contract: str, token_id: int) -> None:
    problems = []
    if not _ORIGIN.match(origin):
        problems.append("the origin is not an absolute http(s) URL without trailing slash")
    if chain_id < 1:
        problems.append("the chain id is not positive")
    if not _CONTRACT.match(contract):
        problems.append("the contract is not a 20-byte address")
    if not 0 <= token_id < 2**256:
        problems.append("the token id is outside uint256")
    if problems:
        raise DocumentRefused(problems)


def _accepted(document: Mapping[str, Any], problems: list[str]) -> Document:
    if problems:
        raise DocumentRefused(problems)
    return dict(document)
