"""Whatever a document says, its HTML can do nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.prose import prose

_ALLOWED = re.compile(r"</?(?:p|em|strong|ul|ol|li|blockquote|h[3-6]|code|pre)>|<br ?/?>|<hr ?/?>")

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "<https://evil.example>",
    "<style>body{display:none}</style>",
    "# <svg/onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "```html\n</pre><script>alert(1)</script>\n```",
    "[a]: javascript:alert(1)\n\n[a]",
    '<a href="//evil.example" style="position:fixed;inset:0">all yours</a>',
    "> <iframe srcdoc='<script>alert(1)</script>'>",
]


def _is_inert(html: str) -> bool:
    return "<" not in _ALLOWED.sub("", html)


@pytest.mark.parametrize("text", HOSTILE)
def test_prose_hostile_text_leaves_only_bare_tags(text: str) -> None:
    assert _is_inert(prose(text))


@given(st.lists(st.sampled_from([*HOSTILE, "\n", "\n\n", "- ", "**", "`", "<", ">", "a", "&", '"']), max_size=12))
def test_prose_any_mixture_leaves_only_bare_tags(pieces: list[str]) -> None:
    assert _is_inert(prose("".join(pieces)))


def test_prose_document_headings_go_below_the_pages_and_the_name_is_not_repeated() -> None:
    html = prose("# Vashti\n\n## Voice\n\nShe *hums*.\n\n### More\n\n- one\n", title="Vashti")
    assert html.split("\n")[0] == "<h3>Voice</h3>"
    assert "Vashti" not in html
    assert "<h4>More</h4>" in html and "<em>hums</em>" in html and "<li>one</li>" in html


def test_prose_another_first_heading_is_kept() -> None:
    assert prose("# Another\n\ntext", title="Vashti").startswith("<h3>Another</h3>")
