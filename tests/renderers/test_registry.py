"""All files of a snapshot: complete, small, deterministic, and telling whose they are."""

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping

import pytest
from PIL import Image

from renderers import MEDIA_FILES, MEDIA_LIMIT, RENDERERS, State, Subject, get_renderer, render
from tests.renderers.subjects import BEAUVOIR, state, subject

_IN_A_PROCESS = """
import hashlib
from renderers import render
from tests.renderers.subjects import BEAUVOIR, state, subject
media = render(subject(11), state(11), BEAUVOIR)
print(hashlib.sha256(b"".join(media[name] for name in sorted(media))).hexdigest())
"""


def _picture(media: Mapping[str, bytes], name: str) -> Image.Image:
    image = Image.open(io.BytesIO(media[name]))
    image.load()
    return image


def test_render_any_token_gives_every_file_within_the_limit() -> None:
    for number in range(12):
        media = render(subject(number), state(number), BEAUVOIR)
        assert tuple(sorted(media)) == tuple(sorted(MEDIA_FILES))
        assert sum(map(len, media.values())) <= MEDIA_LIMIT
        assert media["beauvoir.md"] == BEAUVOIR
        assert len(media["animation.html"]) <= 60_000


def test_render_pictures_open_in_pillow_with_their_sizes() -> None:
    media = render(subject(), state(), BEAUVOIR)
    for name, side, kind in (
        ("image.png", 1024, "PNG"),
        ("image-512.png", 512, "PNG"),
        ("image-250.png", 250, "PNG"),
        ("image.webp", 1024, "WEBP"),
    ):
        image = _picture(media, name)
        assert (image.format, image.size, image.mode) == (kind, (side, side), "RGB")


def test_render_png_names_its_subject_and_carries_no_time() -> None:
    media = render(subject(), state(snapshot=4), BEAUVOIR)
    for name in ("image.png", "image-512.png", "image-250.png"):
        texts = _picture(media, name).info
        assert texts["Agent"] == subject().agent_id
        assert texts["Snapshot"] == "4"
        assert texts["Pack"] == "dixie@1.0.0"
        assert texts["Renderer"] == str(get_renderer("portrait").manifest())
        assert texts["BEAUVOIR-SHA256"] == hashlib.sha256(BEAUVOIR).hexdigest()
        assert b"tIME" not in media[name]
        assert b"eXIf" not in media[name]


def test_render_in_other_processes_gives_the_same_bytes() -> None:
    media = render(subject(11), state(11), BEAUVOIR)
    here = hashlib.sha256(b"".join(media[name] for name in sorted(media))).hexdigest()
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _IN_A_PROCESS],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == here


def test_render_long_beauvoir_gives_up_colour_steps_before_it_refuses() -> None:
    roomy = render(subject(), state(), BEAUVOIR)
    spare = MEDIA_LIMIT - sum(map(len, roomy.values()))
    tight = render(subject(), state(), b"x" * (spare + 2_000))
    assert sum(map(len, tight.values())) <= MEDIA_LIMIT
    assert len(tight["image.png"]) < len(roomy["image.png"])
    assert tight["image.svg"] == roomy["image.svg"]
    with pytest.raises(ValueError, match=r"shorten BEAUVOIR\.md"):
        render(subject(), state(), b"x" * MEDIA_LIMIT)


def test_get_renderer_unknown_name_says_which_there_are() -> None:
    with pytest.raises(ValueError, match="portrait"):
        get_renderer("landscape")


def test_manifest_is_the_hash_of_the_sources() -> None:
    manifest = RENDERERS["portrait"].manifest()
    assert len(manifest.sha256) == 64
    assert str(manifest) == f"portrait@{manifest.version}"


@pytest.mark.parametrize(
    "broken", [{"slots": (16,) * 16}, {"slots": (1,) * 15}, {"seed": "ab"}, {"seed": "A" * 64}], ids=str
)
def test_subject_malformed_is_refused(broken: dict[str, object]) -> None:
    good = subject()
    parts: dict[str, object] = {
        "agent_id": good.agent_id,
        "name": good.name,
        "signals": good.signals,
        "slots": good.slots,
        "seed": good.seed,
        "pack": good.pack,
    }
    with pytest.raises(ValueError, match=r"16 slots|64 lower-case"):
        Subject(**(parts | broken))  # type: ignore[arg-type]  # malformed on purpose


def test_state_malformed_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bands"):
        State(1, (7,) * 16, "Youth", 1)
    with pytest.raises(ValueError, match="not negative"):
        State(1, (3,) * 16, "Youth", -1)
