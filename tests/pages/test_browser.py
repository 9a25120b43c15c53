"""The pages in a real browser: nothing breaks, nothing leaves, everything can be reached and read."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import House
from tests.pages.test_pages import rename_everything
from tests.worlds import found, open_world, released, running_server

pytestmark = pytest.mark.part("chromium")

PAGES = ["/", "/agents", "/docs", "/me", "agent", "sealed"]
PHONE = (360, 740)
DESK = (1280, 900)

CONTRASTS = """() => {
  const channel = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => .2126 * channel(r) + .7152 * channel(g) + .0722 * channel(b);
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; node = walker.nextNode();) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility() || element.closest("script, style, iframe")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
    found.push([(a + .05) / (b + .05), node.textContent.trim().slice(0, 40)]);
  }
  return found;
}"""


@dataclass(slots=True)
class Visit:
    """A page that was opened, and what it did meanwhile."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


Opener = Callable[..., Visit]


@contextmanager
def opener(browser: Browser) -> Iterator[Opener]:
    contexts = []

    def opened(url: str, size: tuple[int, int] = DESK, **options: Any) -> Visit:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
        contexts.append(context)
        visit = Visit(context.new_page())
        visit.page.on("console", lambda message: visit.complaints.append(message.text))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("request", lambda request: visit.requests.append(request.url))
        visit.page.on("dialog", lambda dialog: visit.complaints.append(f"dialog: {dialog.message}"))
        visit.page.goto(url)
        return visit

    try:
        yield opened
    finally:
        for context in contexts:
            context.close()


@pytest.fixture
def visit(chromium: Browser, house: House) -> Iterator[Opener]:
    """Opens a page of the house by path: `visit("/", PHONE, color_scheme="dark")`."""
    with opener(chromium) as opened:

        def named(path: str, size: tuple[int, int] = DESK, **options: Any) -> Visit:
            path = {"agent": house.path(1), "sealed": house.path(4)}.get(path, path)
            return opened(house.server.url + path, size, **options)

        yield named


@pytest.mark.parametrize("path", PAGES)
def test_page_loads_quietly_and_asks_nobody_else(visit: Opener, house: House, path: str) -> None:
    opened = visit(path)
    for image in opened.page.locator("img").all():
        image.scroll_into_view_if_needed()
    opened.page.wait_for_function("[...document.images].every(each => each.complete && each.naturalWidth > 0)")
    status = ["Failed to load resource: the server responded with a status of 404 (Not Found)"]
    assert opened.complaints == (status if path == "sealed" else [])
    assert len(opened.requests) >= 4
    assert [url for url in opened.requests if not url.startswith(house.server.url + "/")] == []


@pytest.mark.parametrize("path", PAGES)
def test_page_on_a_phone_never_scrolls_sideways(visit: Opener, path: str) -> None:
    page = visit(path, PHONE).page
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    too_small = page.evaluate(
        """[...document.querySelectorAll("nav a, .door, .wake *")].map(each => each.getBoundingClientRect())
        .filter(box => box.height > 0 && (box.height < 24 || box.width < 24)).length"""
    )
    assert too_small == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_page_text_has_contrast_in_both_schemes(visit: Opener, path: str, scheme: str) -> None:
    page = visit(path, color_scheme=scheme).page
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 8
    assert [pair for pair in contrasts if pair[0] < 4.5] == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    if path in ("/agents", "/docs", "agent"):
        assert (sum(json.loads(ground.replace("rgb(", "[").replace(")", "]"))) < 200) == (scheme == "dark")


@pytest.mark.parametrize("path", PAGES)
def test_page_keyboard_reaches_everything_and_shows_where_it_is(visit: Opener, path: str) -> None:
    page = visit(path).page
    wanted = page.evaluate(
        """[...document.querySelectorAll("a[href], button, [tabindex='0']")].filter(each => each.checkVisibility())
        .map((each, at) => each.dataset.at = at)"""
    )
    reached, unseen = [], []
    for _ in range(len(wanted)):
        page.keyboard.press("Tab")
        at, outline = page.evaluate(
            "[document.activeElement.dataset.at, parseFloat(getComputedStyle(document.activeElement).outlineWidth)]"
        )
        reached.append(int(at) if at is not None else None)
        if not outline or outline < 2:
            unseen.append(at)
    assert reached == wanted
    assert unseen == []


@pytest.mark.parametrize("path", PAGES)
def test_page_has_the_landmarks_and_a_skip_link_that_works(visit: Opener, path: str) -> None:
    page = visit(path).page
    for landmark in ("header", "main", "footer", "header nav"):
        assert page.locator(f"{landmark} >> visible=true").count() >= 1, landmark
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.locator("img:not([alt])").count() == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_home_is_one_screen_and_its_portrait_lives(visit: Opener) -> None:
    page = visit("/").page
    assert page.evaluate("document.documentElement.scrollHeight") == DESK[1]
    frame = next(each for each in page.frames if each.url.endswith("/animation.html"))
    assert frame.locator("svg").count() == 1
    assert frame.evaluate("window.origin") == "null"  # sandboxed: it has no origin to act for
    moving = "document.getAnimations().length"
    assert frame.evaluate(moving) > 0
    still = visit("/", reduced_motion="reduce").page
    frame = next(each for each in still.frames if each.url.endswith("/animation.html"))
    assert frame.evaluate(moving) == 0


def test_agent_portrait_moves_when_asked_and_stops_again(visit: Opener) -> None:
    opened = visit("agent")
    button, frame = opened.page.get_by_role("button", name="See the portrait move"), opened.page.locator("iframe")
    # The element is what the reader sees; the browser reports a removed frame only some time after it.
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(frame).to_have_count(0)
    button.focus()
    opened.page.keyboard.press("Enter")
    opened.page.frame_locator("iframe").locator("svg").wait_for()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(frame).to_have_count(1)
    opened.page.keyboard.press("Space")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(frame).to_have_count(0)
    assert opened.complaints == []


def test_agent_dials_are_meters_with_words(visit: Opener) -> None:
    meters = visit("agent").page.get_by_role("meter")
    assert meters.count() == 16
    assert meters.first.get_attribute("aria-label") == "Warmth"
    assert "of 7" in (meters.first.get_attribute("aria-valuetext") or "")


@pytest.mark.parametrize("path", PAGES)
def test_page_without_scripts_is_whole(visit: Opener, path: str) -> None:
    opened = visit(path, java_script_enabled=False)
    assert opened.page.locator("h1").is_visible()
    if path == "agent":
        opened.page.get_by_role("link", name="See the portrait move").click()
        assert opened.page.url.endswith("/animation.html")


def test_gallery_link_leads_to_the_agent_and_back(visit: Opener, house: House) -> None:
    page = visit("/agents").page
    box = page.locator(".hung .pic").nth(1).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url(house.server.url + house.path(1))
    assert page.get_by_role("heading", level=1).text_content()
    page.go_back()
    page.wait_for_url(house.server.url + "/agents")


def test_print_keeps_the_words_and_drops_the_furniture(visit: Opener) -> None:
    page = visit("agent", color_scheme="dark").page
    page.emulate_media(media="print")
    assert not page.locator("header.top").is_visible() and not page.locator(".corridor").is_visible()
    assert page.locator(".prose").is_visible()
    dark = [pair for pair in page.evaluate(CONTRASTS) if pair[0] < 4.5]
    assert dark == []


def test_hostile_words_run_nothing_and_do_not_break_the_page(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = open_world(tmp_path_factory.mktemp("hostile"))
    town = released(world, found(world, supply=2), 2)
    rename_everything(world.database, town.id, '"><script>alert(1)</script><img src=x onerror=alert(2)>' + "W" * 90)
    with running_server(world) as server, opener(chromium) as opened:
        for path in ("/", "/agents", f"/agents{town.path(0)}"):
            visited = opened(server.url + path, PHONE)
            assert visited.complaints == [], path
            assert visited.page.evaluate("document.documentElement.scrollWidth") == PHONE[0], path
            assert visited.page.locator("script:not([src])").count() == 0
