"""The placeholder: one picture for a whole collection, valid documents, nothing of the birth in it."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from app.composition import compose_placeholder
from app.provenance.ids import AgentId
from personalities import load_pack
from renderers import MEDIA_FILES, MEDIA_LIMIT, Sealed, placeholder_manifest, render_placeholder
from tests.renderers.subjects import CONTRACT, ORIGIN

PACKS = ("dixie", "mibera")


def sealed(**changes: Any) -> Sealed:
    values = {
        "agent_id": f"eip155:1/erc721:{CONTRACT}/7",
        "name": "Unlit Lamp 7",
        "motif": "lamp",
        "colours": ("1d2230", "f2c879"),
        "pack": "dixie@1.0.0",
    }
    return Sealed(**(values | changes))


def pixels(media: Any) -> bytes:
    return Image.open(io.BytesIO(media["image.png"])).convert("RGB").tobytes()


def test_media_are_complete_and_small() -> None:
    media = render_placeholder(sealed(), b"# x\n")
    assert set(media) == set(MEDIA_FILES)
    assert sum(map(len, media.values())) <= MEDIA_LIMIT
    assert media["beauvoir.md"] == b"# x\n"


def test_picture_is_the_same_for_every_token_and_the_labels_are_not() -> None:
    one, other = render_placeholder(sealed(), b""), render_placeholder(sealed(name="Unlit Lamp 8"), b"")
    assert pixels(one) == pixels(other)
    assert one["image.png"] != other["image.png"]


def test_motifs_differ_and_an_unknown_one_is_a_seal() -> None:
    pictures = {pixels(render_placeholder(sealed(motif=motif), b"")) for motif in ("lamp", "shutter", "star", "seal")}
    assert len(pictures) == 4
    assert pixels(render_placeholder(sealed(motif="whatever"), b"")) in pictures


@pytest.mark.parametrize("colours", [("1d2230",), ("1d2230", "red")])
def test_colours_that_are_none_are_refused(colours: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"colour|hex|invalid literal"):
        sealed(colours=colours)


def test_name_is_escaped_everywhere() -> None:
    media = render_placeholder(sealed(name="<script>alert(1)</script>"), b"")
    for file in ("image.svg", "animation.html"):
        assert b"<script>alert" not in media[file]


@pytest.mark.parametrize("name", PACKS)
def test_documents_pass_every_consumer_and_tell_nothing(name: str) -> None:
    pack = load_pack(name)
    agent = AgentId(1, CONTRACT, 7)
    published = compose_placeholder(agent, ORIGIN, pack, day="2026-11-20")
    document = json.loads(published.canonical)
    assert document["attributes"] == [{"trait_type": "Stage", "value": "unborn"}]
    assert document["beauvoir"]["snapshot"] == document["beauvoir"]["document"] == 1
    assert document["background_color"] == pack.placeholder.colours[0]
    assert (published.bands, published.level) == ((), 0)
    assert published.renderer == f"placeholder@1.0.0+{placeholder_manifest().sha256}"
    again = compose_placeholder(agent, ORIGIN, pack, day="2026-11-20")
    assert (again.canonical, again.directory.cid) == (published.canonical, published.directory.cid)
