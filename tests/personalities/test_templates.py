"""The template language."""

import pytest

from personalities import PackError
from personalities.templates import Reference, articles, fill, parse


def test_fill_replaces_references_and_capitals() -> None:
    template = parse("{^craft.noun} and {Warmth}, {name}.", "here")
    assert fill(template, lambda r: f"<{r.key}/{r.facet}>") == "<craft/noun> and <Warmth/>, <name/>."
    assert fill((Reference("a", "", True),), lambda _: "slow bread") == "Slow bread"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a(n) owl", "an owl"),
        ("A(n) heron", "A heron"),
        ("a(n) “apt” word", "an “apt” word"),
        ("a(n) hour, a(n) unicorn, a(n) honest one", "an hour, a unicorn, an honest one"),
        ("a(n) unhurried sort", "an unhurried sort"),
    ],
)
def test_articles_agree_with_the_next_word(text: str, expected: str) -> None:
    assert articles(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        (" x", "white space"),
        ("{", "brace"),
        ("{Not.A.reference}", "brace"),
        ("<b>", "Markdown"),
        ("*x*", "Markdown"),
        ("[x](y)", "Markdown"),
        ("two\nlines", "Markdown"),
    ],
)
def test_parse_bad_text_is_refused(text: str, problem: str) -> None:
    with pytest.raises(PackError, match=problem):
        parse(text, "here")
