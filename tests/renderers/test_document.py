"""The token document: its exact shape, what the writer refuses, and the two forms that undo each other."""

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from renderers import (
    DIALS,
    DocumentRefused,
    Place,
    Sources,
    State,
    Subject,
    canonical_document,
    canonical_from_hosted,
    check_collection,
    check_document,
    collection_document,
    hosted,
    hosted_document,
    token_document,
)
from tests.renderers.subjects import CONTRACT, MEDIA_CID, ORIGIN, TEXT_CID, state, subject

WORDS = ("tender", "plain", "wry", "brief", "loose", "keen", "exact", "vivid", "hopeful", "calm", "steady") + ("x",) * 5


def _document(who: Subject | None = None, how: State | None = None, **changes: Any) -> dict[str, Any]:
    """Changes name arguments of `token_document`, or fields of its place and sources."""
    place: dict[str, Any] = {"origin": ORIGIN, "chain_id": 31337, "contract": CONTRACT, "token_id": 7}
    sources: dict[str, Any] = {
        "media_cid": MEDIA_CID,
        "beauvoir_cid": TEXT_CID,
        "beauvoir_sha256": "0" * 64,
        "document_version": 1,
        "ruleset": "R0",
        "day": "2026-11-20",
    }
    arguments: dict[str, Any] = {
        "subject": who or subject(),
        "state": how or state(snapshot=4),
        "description": "Keeps the *lamps* of a coast that moved.\n\nSpeaks rarely.",
        "band_words": WORDS,
    }
    for name, value in changes.items():
        next(each for each in (place, sources, arguments) if name in each)[name] = value
    return token_document(**arguments, place=Place(**place), sources=Sources(**sources))


def test_token_document_has_exactly_the_published_shape() -> None:
    document = _document()
    place = f"31337/{CONTRACT.lower()}/7"
    attributes = document.pop("attributes")
    colour = document.pop("background_color")
    assert len(colour) == 6
    assert document == {
        "type": "https://eips.ethereum.org/EIPS/eip-8004#registration-v1",
        "name": "Ysolde of the Low Tide",
        "description": "Keeps the *lamps* of a coast that moved.\n\nSpeaks rarely.",
        "image": f"ipfs://{MEDIA_CID}/image.png",
        "animation_url": f"ipfs://{MEDIA_CID}/animation.html",
        "external_url": f"{ORIGIN}/agents/{place}",
        "services": [
            {"name": "web", "endpoint": f"{ORIGIN}/agents/{place}"},
            {"name": "beauvoir", "endpoint": f"{ORIGIN}/{place}/beauvoir"},
        ],
        "x402Support": False,
        "active": True,
        "registrations": [],
        "supportedTrust": [],
        "beauvoir": {
            "snapshot": 4,
            "document": 1,
            "cid": TEXT_CID,
            "sha256": "0" * 64,
            "pack": "dixie@1.0.0",
            "ruleset": "R0",
            "day": "2026-11-20",
        },
    }
    assert [a["trait_type"] for a in attributes] == [name for name, _ in subject().signals] + [*DIALS, "Stage", "Level"]
    assert attributes[5] == {"trait_type": "Warmth", "value": "tender"}
    assert attributes[-1] == {"trait_type": "Level", "display_type": "number", "value": 3}


def test_token_document_is_small_and_canonical_bytes_are_stable() -> None:
    canonical = rfc8785.dumps(_document())
    assert len(canonical) < 4_096
    assert rfc8785.dumps(json.loads(canonical)) == canonical


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"description": "see ipfs://elsewhere"}, "contains ipfs://"),
        ({"description": f"see {ORIGIN}/ipfs/x"}, "hosted media prefix"),
        ({"description": "token {id}"}, r"contains \{id\}"),
        ({"description": ""}, "description is not a string"),
        ({"who": subject(name="\u200b")}, "name is not a string"),
        ({"who": subject(name="ipfs://x")}, "contains ipfs://"),
        ({"who": subject(signals=(("warmth", "x"),))}, "repeats the trait type"),
        ({"who": subject(signals=(("Era", ""),))}, "neither text nor"),
        ({"who": subject(signals=tuple((f"T{i}", "x") for i in range(13)))}, "31 attributes"),
        ({"how": State(0, (3,) * 16, "Youth", 1)}, "count from 1"),
        ({"how": State(1, (3,) * 16, "Youth", 0)}, "other than 0"),
        ({"band_words": ("x",) * 15}, "15 band words"),
        ({"origin": "127.0.0.1"}, "origin"),
        ({"origin": ORIGIN + "/"}, "origin"),
        ({"origin": "https://user:pass@host"}, "origin"),
        ({"contract": "0x12"}, "20-byte"),
        ({"chain_id": 0}, "chain id"),
        ({"token_id": -1}, "uint256"),
        ({"token_id": 2**256}, "uint256"),
        ({"media_cid": "x/ipfs://y"}, "contains ipfs://"),
        ({"beauvoir_cid": "Qm"}, r"beauvoir\.cid"),
        ({"beauvoir_sha256": "A" * 64}, r"beauvoir\.sha256"),
        ({"day": "2026-13-01"}, r"beauvoir\.day"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_token_document_that_would_be_misread_is_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(DocumentRefused, match=problem):
        _document(**changes)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"properties": {}}, "'properties' does not belong"),
        ({"image_data": "<svg/>"}, "'image_data' does not belong"),
        ({"image_url": "https://x"}, "'image_url' does not belong"),
        ({"image": "/image.png"}, "not an absolute link"),
        ({"image": "data:image/png;base64,"}, "not an absolute link"),
        ({"image": None}, "image is not a string"),
        ({"background_color": "#1b1f2a"}, "background_color"),
        ({"attributes": None}, "not a list"),
        ({"attributes": []}, "0 attributes"),
        ({"attributes": [{"trait_type": "A", "value": True}]}, "neither text"),
        ({"attributes": [{"trait_type": "A", "value": 1.5}]}, "neither text"),
        ({"attributes": [{"trait_type": "A", "value": {}}]}, "neither text"),
        ({"attributes": [{"trait_type": "A", "value": 3}]}, "without display_type"),
        ({"attributes": [{"trait_type": "A", "value": "x", "display_type": "date"}]}, "display_type"),
        ({"attributes": ["A"]}, "not an object"),
        ({"description": "e\u0301"}, "NFC"),
        ({"name": "a\u202eb"}, "invisible"),
        ({"description": "x" * 17_000}, "over 16384"),
        ({"active": "yes"}, "not true or false"),
        ({"services": []}, "services"),
        ({"beauvoir": {}}, "beauvoir is not"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_check_document_finds_each_broken_rule(changes: dict[str, Any], problem: str) -> None:
    assert check_document(_document(), origin=ORIGIN) == []
    assert any(problem in found for found in check_document(_document() | changes, origin=ORIGIN))


def test_check_document_hosted_form_is_valid_without_origin() -> None:
    assert check_document(hosted_document(_document(), ORIGIN)) == []


def test_check_document_missing_members_are_named() -> None:
    found = check_document({})
    assert "member 'attributes' is missing" in found


def test_hosted_changes_the_two_media_prefixes_and_nothing_else() -> None:
    document = _document()
    served = hosted_document(document, ORIGIN)
    assert {name for name in document if document[name] != served[name]} == {"image", "animation_url"}
    assert served["image"] == f"{ORIGIN}/ipfs/{MEDIA_CID}/image.png"
    canonical = rfc8785.dumps(document)
    assert len(hosted(canonical, ORIGIN)) == len(canonical) + 2 * (len(f"{ORIGIN}/ipfs/") - len("ipfs://"))


def test_hosted_of_something_else_is_refused() -> None:
    for data in (b"[]", b"null", b"{"):
        with pytest.raises(ValueError, match=r"JSON object|Expecting"):
            hosted(data, ORIGIN)


_ORIGINS = st.from_regex(r"https?://[a-z0-9.-]{1,30}(:[0-9]{2,4})?(/[a-z0-9]{1,8})?", fullmatch=True)


@settings(max_examples=150, deadline=None)
@given(
    name=st.text(max_size=200),
    description=st.text(max_size=400),
    signal=st.text(max_size=60),
    origin=_ORIGINS,
    token_id=st.integers(min_value=0, max_value=2**256 - 1),
    level=st.integers(min_value=1, max_value=99),
)
def test_hosted_and_canonical_undo_each_other_for_whatever_the_writer_lets_through(
    name: str, description: str, signal: str, origin: str, token_id: int, level: int
) -> None:
    try:
        document = _document(
            subject(name=name, signals=(("Archetype", signal),)),
            State(1, (3,) * 16, "Youth", level),
            description=description,
            origin=origin,
            token_id=token_id,
        )
    except DocumentRefused:
        return
    canonical = rfc8785.dumps(document)
    served = hosted(canonical, origin)
    assert b"ipfs://" not in served
    assert canonical_from_hosted(served, origin) == canonical
    assert canonical_document(hosted_document(document, origin), origin) == document


def test_collection_document_shape_and_hosting() -> None:
    document = collection_document(
        name="Dixie",
        symbol="DIXIE",
        description="Keepers of small, necessary things.",
        image_cid=MEDIA_CID,
        origin=ORIGIN,
        chain_id=31337,
        contract=CONTRACT,
    )
    assert document == {
        "name": "Dixie",
        "symbol": "DIXIE",
        "description": "Keepers of small, necessary things.",
        "image": f"ipfs://{MEDIA_CID}/image.png",
        "external_link": f"{ORIGIN}/agents",
        "collaborators": [],
    }
    assert canonical_document(hosted_document(document, ORIGIN), ORIGIN) == document
    assert check_collection(document | {"collaborators": ["0x"]}) == ["collaborators is not an empty list"]


def test_collection_document_without_a_picture_yet_leaves_the_image_out() -> None:
    document = collection_document(
        name="Agents", symbol="A", description="Some.", image_cid=None, origin=ORIGIN, chain_id=1, contract=CONTRACT
    )
    assert "image" not in document
    assert check_collection(document, origin=ORIGIN) == []
