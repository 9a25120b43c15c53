import json

import pytest

from app.consumers.preflight import preflight
from app.consumers.rules import UnknownConsumer
from tests.consumers.samples import ANIMATION, IMAGE, ORIGIN, PAGE, PNG, TOKEN, document, png


def test_preflight_good_document_passes_without_anything_live() -> None:
    report = preflight(
        document(),
        url=TOKEN,
        image_url=IMAGE,
        image_type="image/png",
        image=PNG,
        animation_url=ANIMATION,
        animation=PAGE,
    )
    assert report.worst == "info"


def test_preflight_canonical_document_is_read_through_the_origin() -> None:
    canonical = document(image="ipfs://bafkreimedia/image.png", animation_url="ipfs://bafkreimedia/animation.html")
    report = preflight(
        canonical,
        url=TOKEN,
        image_url=IMAGE,
        image_type="image/png",
        image=PNG,
        animation_url=ANIMATION,
        animation=PAGE,
        gateway=ORIGIN,
    )
    assert report.worst == "info"


def test_preflight_image_elsewhere_than_the_document_says_fails() -> None:
    report = preflight(
        document(animation_url=...), url=TOKEN, image_url=f"{ORIGIN}/other.png", image_type="image/png", image=PNG
    )
    assert "safe.first-fetch" in {row.rule for row in report.failures()}


def test_preflight_wrong_type_of_image_fails() -> None:
    report = preflight(
        document(animation_url=...), url=TOKEN, image_url=IMAGE, image_type="image/jpeg", image=png(8, 8)
    )
    assert {row.rule for row in report.failures()} == {"indexers.image-signature"}


def test_preflight_exact_bytes_are_judged_when_given() -> None:
    body = json.dumps(document(animation_url=...)).encode() + b" " * 20_000
    report = preflight(
        document(animation_url=...), url=TOKEN, image_url=IMAGE, image_type="image/png", image=PNG, body=body
    )
    assert {row.rule for row in report.rows if row.verdict == "warn"} == {"indexers.target-size"}


def test_preflight_consumers_can_be_named() -> None:
    report = preflight(
        document(properties={}), url=TOKEN, image_url=IMAGE, image_type="image/png", image=PNG, consumers=["zora"]
    )
    assert {row.rule for row in report.failures()} == {"zora.no-properties"}
    with pytest.raises(UnknownConsumer):
        preflight(document(), url=TOKEN, image_url=IMAGE, image_type="image/png", image=PNG, consumers=["x"])
