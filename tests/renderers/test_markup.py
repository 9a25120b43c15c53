"""SVG and animation page: only what sanitisers let through, no request to anyone, whatever a name contains."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from renderers import State, Subject, render
from renderers.page import page
from renderers.portrait import compose
from renderers.svg import svg_text
from tests.renderers.subjects import BEAUVOIR, state, subject

_SVG = "{http://www.w3.org/2000/svg}"
_ALLOWED = {
    "svg": {"width", "height", "viewBox", "role"},
    "title": set(),
    "defs": set(),
    "g": {"class", "clip-path"},
    "path": {"d", "fill", "fill-opacity"},
    "clipPath": {"id"},
    "linearGradient": {"id", "gradientUnits", "x1", "y1", "x2", "y2"},
    "radialGradient": {"id", "gradientUnits", "cx", "cy", "r"},
    "stop": {"offset", "stop-color", "stop-opacity"},
}
HOSTILE = {
    "markup": '</title><script>alert(1)</script><a href="https://evil.example">',
    "attribute": '" onload="alert(1)" x="',
    "entity": "&lt;script&gt;&#x3c;&amp;]]>",
    "direction": "\u202eevil\u2066\u200f",
    "zero width": "Y\u200bs\u200do\ufeffl",
    "emoji": "🦉👩‍🚀🏳️‍🌈",
    "long": "long name " * 1_000,
    "controls": "a\x00b\x08c\x1b[31md\x7f\x85",
    "surrogate": "half \ud83d pair",
    "stacked": "Z" + "\u0351" * 500,
    "empty": "",
    "template": "{{7*7}} ${7*7} #GROUND MOTION",
}


def _check_svg(text: str) -> None:
    root = ElementTree.fromstring(text)
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    for element in root.iter():
        assert element.tag.startswith(_SVG)
        name = element.tag.removeprefix(_SVG)
        assert name in _ALLOWED
        assert set(element.attrib) <= _ALLOWED[name]
        if name == "path":
            assert re.fullmatch(r"[MLHVClcz0-9 -]+", element.attrib["d"])
        for value in (element.get("fill", "#000000"), element.get("clip-path", "#000000")):
            local = re.fullmatch(r"url\(#(p\d+)\)", value)
            assert (local and local[1] in ids) or re.fullmatch(r"#[0-9a-f]{6}", value)


class _Page(HTMLParser):
    """Collects tags, and the bodies of style and script."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.bodies: dict[str, str] = {}
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        if self._open in ("style", "script"):
            self.bodies[self._open] = self.bodies.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def _check_page(text: str) -> None:
    page = _Page()
    page.feed(text)
    names = [name for name, _ in page.tags]
    assert names.count("script") == 1
    assert names.count("style") == 1
    assert set(names) <= {"html", "head", "meta", "title", "style", "body", "script"} | {n.lower() for n in _ALLOWED}
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name in ("href", "src", "style", "xlink:href") for name in attributes)
    policy = next(a["content"] for n, a in page.tags if n == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        digest = base64.b64encode(hashlib.sha256(page.bodies[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "prefers-reduced-motion" in page.bodies["style"]
    assert "prefers-reduced-motion" in page.bodies["script"]
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"\b(fetch|XMLHttpRequest|import|WebSocket|sendBeacon|eval)\b", page.bodies["script"])
    assert not re.search(r"[A-Z]{4,}", page.bodies["style"]), "a placeholder was left in the style"


def _outside_titles(text: str) -> str:
    return re.sub(r"<title>.*?</title>", "", text, flags=re.DOTALL)


def test_svg_uses_only_what_sanitisers_keep() -> None:
    for number in range(60):
        scene = compose(subject(number), state(number))
        svg = svg_text(scene, "A portrait")
        _check_svg(svg)
        page_text = page(scene, subject(number).name, state(number), svg)
        _check_page(page_text)
        assert len(page_text) <= 60_000


@pytest.mark.parametrize("kind", HOSTILE)
def test_render_hostile_words_change_no_structure(kind: str) -> None:
    text = HOSTILE[kind]
    calm = subject()
    hostile = Subject(calm.agent_id + text, text, ((text, text), *calm.signals[1:]), calm.slots, calm.seed, text)
    how = State(1, state().bands, text, 3)
    media = render(hostile, how, BEAUVOIR)
    svg, html = media["image.svg"].decode(), media["animation.html"].decode()
    _check_svg(svg)
    _check_page(html)
    assert len(svg) < 100_000
    for character in "\u202e\u200b\u2066\x00\x1b":
        assert character not in svg + html
    # The same shapes as with a calm name: nothing leaks out of the titles.
    again = render(Subject(calm.agent_id, "A", hostile.signals, calm.slots, calm.seed, "p@1"), how, BEAUVOIR)
    assert _outside_titles(svg) == _outside_titles(again["image.svg"].decode())
    assert _outside_titles(html) == _outside_titles(again["animation.html"].decode())
