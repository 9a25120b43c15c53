"""Words from packs and owners, made safe to show: bounded, visible, one reading direction, NFC."""

import unicodedata
from typing import Final

_DROPPED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode categories nobody can see: controls, zero width and direction, surrogates, private use, unassigned."""


def plain(text: str, limit: int, *, lines: bool = False) -> str:
    """`text` in NFC without invisible characters, white space collapsed, at most `limit` characters.

    With `lines`, line breaks survive (for Markdown); an over-long text ends in an ellipsis.
    """
    # Far more than the limit is never looked at, so a huge text costs nothing.
    text = unicodedata.normalize("NFC", text[: limit * 8])
    kept = "\n".join(map(_visible, text.splitlines())).strip() if lines else _visible(text)
    if len(kept) > limit:
        kept = kept[: limit - 1].rstrip() + "…"
    # Cutting or dropping may bring a letter and a combining mark together.
    return unicodedata.normalize("NFC", kept)


def _visible(text: str) -> str:
    spaced = (" " if character.isspace() else character for character in text)
    seen = "".join(character for character in spaced if unicodedata.category(character) not in _DROPPED)
    return " ".join(seen.split())
