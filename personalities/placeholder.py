"""What a token of a blind collection shows before its reveal: the pack's placeholder, which tells nothing of the birth.

It depends on the pack and the token id only, because the seed does not exist yet.
"""

import re

from personalities import fields
from personalities.errors import PackError
from personalities.fields import Data
from personalities.pack import MAX_DOCUMENT_BYTES, Pack, Placeholder
from personalities.templates import parse

NUMBER = "{number}"
_MAX_DIGITS = 7
_COLOUR = re.compile(r"[0-9a-f]{6}")
_MOTIF = re.compile(r"[a-z]{1,40}")


def placeholder_name(pack: Pack, token_id: int) -> str:
    """The name a token shows until the reveal; different for every id."""
    return _numbered(pack.placeholder.name, token_id)


def placeholder_description(pack: Pack) -> str:
    """One or two plain sentences, the same for every token."""
    return pack.placeholder.description


def placeholder_document(pack: Pack, token_id: int) -> str:
    """BEAUVOIR.md before the reveal: Markdown, UTF-8, `\\n` line ends, at most 8 KiB. Raises ValueError for an id below
    zero."""
    paragraphs = (_numbered(paragraph, token_id) for paragraph in pack.placeholder.document)
    return "\n\n".join((f"# {placeholder_name(pack, token_id)}", *paragraphs)) + "\n"


def read_placeholder(data: Data, where: str) -> Placeholder:
    """Raises PackError with the first problem found."""
    fields.only(data, ("name", "description", "document", "motif", "colours"), where)
    name, motif = fields.text(data, "name", where), fields.text(data, "motif", where)
    description = fields.text(data, "description", where)
    paragraphs, colours = fields.texts(data, "document", where), fields.texts(data, "colours", where)
    if name.count(NUMBER) != 1:
        raise PackError(f"{where}: name must hold {NUMBER} once, so that no two tokens share it")
    if NUMBER in description:
        raise PackError(f"{where}: the description is the same for every token; {NUMBER} cannot be in it")
    for text in (name, description, *paragraphs):
        # A line that starts like a Markdown list or heading would not be read as a paragraph.
        if any(not isinstance(part, str) for part in parse(text.replace(NUMBER, "0"), where)) or text[0] in "-+=~":
            raise PackError(f"{where}: a placeholder is plain text; it knows {NUMBER} only: {text!r}")
    if not _MOTIF.fullmatch(motif):
        raise PackError(f"{where}: motif must be one lower-case word")
    if bad := [colour for colour in colours if not _COLOUR.fullmatch(colour)]:
        raise PackError(f"{where}: colours: {bad[0]!r} is not six lower-case hex digits")
    longest = sum(len(text.encode()) + _MAX_DIGITS * text.count(NUMBER) + 4 for text in (name, *paragraphs))
    if longest > MAX_DOCUMENT_BYTES or len(name) > 80 or len(description) > 600:
        raise PackError(f"{where}: too long; a name has 80 characters, a description 600, the document 8 KiB at most")
    return Placeholder(name, description, tuple(paragraphs), motif, tuple(colours))


def _numbered(text: str, token_id: int) -> str:
    if token_id < 0:
        raise ValueError(f"a token id is 0 or more, not {token_id}")
    return text.replace(NUMBER, str(token_id))
