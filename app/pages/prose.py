"""Markdown written by packs, models and projects, as HTML that can do nothing but be read."""

import re
from functools import lru_cache
from typing import Final

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

_TAGS: Final = {"p", "em", "strong", "ul", "ol", "li", "blockquote", "h3", "h4", "h5", "h6", "code", "pre", "br", "hr"}
"""No links, no images, no attributes: whatever the text says, nothing is fetched and nowhere is gone to."""
_MOST: Final = 64_000
_DIRECTIONS: Final = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that turn the reading direction: text that reads otherwise than it is written."""

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})


@lru_cache(maxsize=256)
def prose(text: str, *, title: str = "") -> str:
    """Safe HTML of a Markdown text. Headings go one step down, below the page's own; a first heading that only repeats
    `title` is left out."""
    tokens = _markdown.parse(_DIRECTIONS.sub("", text[:_MOST]))
    if len(tokens) > 2 and tokens[0].tag == "h1" and tokens[1].content.strip() == title.strip():
        tokens = tokens[3:]
    for token in tokens:
        _step_down(token)
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(html, tags=_TAGS, attributes={}, clean_content_tags={"script", "style"}, link_rel=None)


def _step_down(token: Token) -> None:
    if token.type in ("heading_open", "heading_close"):
        level = min(6, max(3, int(token.tag[1]) + 1))
        token.tag = f"h{level}"
