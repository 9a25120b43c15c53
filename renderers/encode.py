"""Picture → files: PNG in three sizes, WebP, and the directory they are in. No clocks; the PNG says whose picture it
is."""

import hashlib
import io
from collections.abc import Sequence
from typing import Final

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from renderers.model import MEDIA_LIMIT, Media
from renderers.texts import plain

PNG_LEVEL: Final = 4
WEBP_QUALITY: Final = 80
_FILTERED: Final = 1
"""zlib's strategy for filtered scan lines (RFC 1951 data made of small differences)."""


_STEPS: Final = ((86, 64), (64, 64), (43, 64), (28, 64), (28, 28), (20, 20), (14, 14))
"""Values a colour channel has in the large PNG and in the small ones: the first pair at which everything fits the
limit. Two of three pictures need no more than the first, one of a thousand the fifth."""


def media(image: Image.Image, texts: Sequence[tuple[str, str]], svg: str, animation: str, beauvoir_md: bytes) -> Media:
    """A snapshot's media directory (`MEDIA_FILES`). Raises ValueError when it cannot be brought below the limit."""
    rest = {
        "image.webp": webp(image),
        "image.svg": svg.encode(),
        "animation.html": animation.encode(),
        "beauvoir.md": beauvoir_md,
    }
    middle, small = resized(image, 512), resized(image, 250)
    for steps, small_steps in _STEPS:
        files = {
            "image.png": png(image, texts, steps),
            "image-512.png": png(middle, texts, small_steps),
            "image-250.png": png(small, texts, small_steps),
            **rest,
        }
        total = sum(map(len, files.values()))
        if total <= MEDIA_LIMIT:
            return files
    raise ValueError(f"the media are {total} bytes, over {MEDIA_LIMIT}: shorten BEAUVOIR.md ({len(beauvoir_md)} bytes)")


def labels(
    agent_id: str, name: str, pack: str, snapshot: int, renderer: str, beauvoir_md: bytes
) -> list[tuple[str, str]]:
    """What the PNG says of itself. Never a hash of the token document, which names this file."""
    return [
        ("Title", plain(name, 120)),
        ("Agent", plain(agent_id, 200)),
        ("Snapshot", str(snapshot)),
        ("Pack", plain(pack, 80)),
        ("Renderer", renderer),
        ("BEAUVOIR-SHA256", hashlib.sha256(beauvoir_md).hexdigest()),
    ]


def png(image: Image.Image, texts: Sequence[tuple[str, str]], steps: int) -> bytes:
    """PNG with the texts as iTXt chunks (PNG 3rd edition, 11.3.3), each channel rounded to `steps` values.

    86 can hardly be told from 256 by eye and save a quarter of the file; 64 do for small pictures.
    """
    info = PngInfo()
    for keyword, text in texts:
        info.add_itxt(keyword, text)
    out = io.BytesIO()
    _rounded(image, steps).save(out, "PNG", compress_level=PNG_LEVEL, compress_type=_FILTERED, pnginfo=info)
    return out.getvalue()


def webp(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "WEBP", quality=WEBP_QUALITY, method=2)
    return out.getvalue()


def resized(image: Image.Image, side: int) -> Image.Image:
    """The picture at a smaller size, by area averaging."""
    return image.resize((side, side), Image.Resampling.BOX)


def _rounded(image: Image.Image, steps: int) -> Image.Image:
    # The steps are spread over 0..255, so black stays black and white stays white.
    top = steps - 1
    table = [((level * top + 127) // 255 * 255 + top // 2) // top for level in range(256)]
    return image.point(table * 3)
