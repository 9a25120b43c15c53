"""The talk on an agent's page, in a real browser, against the whole service."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app.db.tables import Collection
from tests.pages.conftest import House
from tests.pages.talking import TalkingHouse, talking_house
from tests.pages.test_browser import CONTRASTS, PHONE, Opener, Visit, opener

pytestmark = pytest.mark.part("chromium")

HOLDER, OTHER, VISITOR = "Holder of agent 1", "Holder of agent 0", "Visitor"
FAILED = "Failed to load resource"


@pytest.fixture(scope="module")
def talkers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TalkingHouse]:
    with talking_house(tmp_path_factory.mktemp("talkers")) as house:
        yield house


@pytest.fixture
def visit(chromium: Browser, talkers: TalkingHouse) -> Iterator[Opener]:
    """Opens a page by its URL."""
    with opener(chromium) as opened:
        yield opened
    talkers.model.forget()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Say something to")


def replies(page: Page) -> Locator:
    return page.locator(".theirs > .body")


def notice(page: Page) -> Locator:
    return page.get_by_role("status")


def sign_in(page: Page, who: str = HOLDER) -> None:
    page.get_by_role("button", name="Sign in").click()
    wallet = page.get_by_role("dialog")
    wallet.get_by_role("button", name=who).click()
    expect(wallet).to_contain_text("wants you to sign in with your Ethereum account")
    wallet.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("Signed in as")).to_be_visible()


def begin(visit: Opener, url: str, who: str = HOLDER, **options: Any) -> Visit:
    """Signed in at an agent's page, agreed, and nothing said yet."""
    opened = visit(url, **options)
    page = opened.page
    sign_in(page, who)
    expect(button(page, "New conversation").or_(button(page, "I agree"))).to_be_visible()
    if button(page, "New conversation").is_visible():
        button(page, "New conversation").click()
    if button(page, "I agree").is_visible():
        button(page, "I agree").click()
    expect(box(page)).to_be_focused()
    return opened


def tell(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")


# --- signing in


def test_talk_signed_out_shows_examples_and_asks_nobody(visit: Opener, talkers: TalkingHouse) -> None:
    opened = visit(talkers.page(1))
    page = opened.page
    expect(page.locator("#chat-examples dt")).to_have_count(2)
    expect(button(page, "Sign in to talk")).to_be_visible()
    expect(box(page)).to_be_hidden()
    assert not [url for url in opened.requests if "/v1/" in url]


def test_talk_without_scripts_says_so_and_names_the_api(visit: Opener, talkers: TalkingHouse) -> None:
    page = visit(talkers.page(1), java_script_enabled=False).page
    expect(page.locator("noscript p")).to_be_visible()
    assert "/v1/conversations" in (page.locator("noscript p").text_content() or "")
    expect(page.locator("#chat-examples dt")).to_have_count(2)
    assert page.locator(".chat button").count() == 0


def test_sign_in_declined_in_the_wallet_changes_nothing(visit: Opener, talkers: TalkingHouse) -> None:
    page = visit(talkers.page(1)).page
    button(page, "Sign in to talk").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(notice(page)).to_have_text("You declined in the wallet. Nothing happened.")
    expect(button(page, "Sign in to talk")).to_be_visible()


def test_sign_in_and_out_is_kept_across_pages(visit: Opener, talkers: TalkingHouse) -> None:
    page = visit(talkers.page(1)).page
    sign_in(page)
    expect(page.get_by_text(re.compile(r"Signed in as 0x\w{4}…\w{4}, owner\."))).to_be_visible()
    page.goto(talkers.page(0))
    expect(page.get_by_text(re.compile(r"Signed in as 0x\w{4}…\w{4}, guest\."))).to_be_visible()
    cookie = next(each for each in page.context.cookies() if each["name"] == "dnft_session")
    assert cookie["httpOnly"] and cookie["sameSite"] == "Strict"
    assert "dnft_session" not in page.evaluate("document.cookie")
    button(page, "Sign out").click()
    expect(button(page, "Sign in to talk")).to_be_focused()
    assert not [each for each in page.context.cookies() if each["name"] == "dnft_session"]
    page.reload()
    expect(button(page, "Sign in to talk")).to_be_visible()


def test_sign_in_lists_announced_wallets_and_trusts_none_of_their_words(visit: Opener, talkers: TalkingHouse) -> None:
    opened = visit("about:blank")
    opened.page.add_init_script("""
      const announce = (uuid, name, icon, request) => dispatchEvent(new CustomEvent("eip6963:announceProvider",
        {detail: {info: {uuid, name, icon, rdns: "x.y"}, provider: {request}}}));
      addEventListener("eip6963:requestProvider", () => {
        announce("1", "<img src=x onerror=alert(1)>\\u202ereversed", "https://outside.example/icon.png",
          async () => ["0x1"]);
        announce("2", "Refuser", "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
          async () => { throw {code: 4001}; });
        announce("3", "Broken", "", "no function");
        dispatchEvent(new CustomEvent("eip6963:announceProvider", {detail: null}));
      });
    """)
    page = opened.page
    page.goto(talkers.page(1))
    button(page, "Sign in to talk").click()
    wallets = page.get_by_role("group", name="Your wallets").get_by_role("button")
    expect(wallets).to_have_text(["Demo wallet", "<img src=x onerror=alert(1)>reversed", "Refuser"])
    expect(wallets.first).to_be_focused()
    expect(wallets.nth(1).locator("img")).to_have_count(0)
    expect(wallets.nth(2).locator("img")).to_have_count(1)
    wallets.nth(2).click()
    expect(notice(page)).to_contain_text("You declined")
    wallets.nth(1).click()  # it says that its account is 0x1
    expect(notice(page)).not_to_contain_text("You declined")
    expect(button(page, "Sign in to talk")).to_be_visible()
    assert not [url for url in opened.requests if not url.startswith((talkers.url, "about:", "data:"))]
    assert [said for said in opened.complaints if FAILED not in said] == []


def test_sign_in_falls_back_to_the_one_wallet_of_older_browsers(chromium: Browser, house: House) -> None:
    with opener(chromium) as opened:
        page = opened("about:blank").page
        page.goto(house.server.url + house.path(0))
        button(page, "Sign in to talk").click()
        expect(notice(page)).to_contain_text("This browser has no wallet.")
        page.add_init_script("window.ethereum = {request: async () => { throw {code: 4001}; }}")
        page.reload()
        button(page, "Sign in to talk").click()
        expect(notice(page)).to_contain_text("You declined in the wallet.")
        assert "/_demo/" not in page.content()


# --- talking


def test_talk_after_consent_streams_and_tells_what_spoke(visit: Opener, talkers: TalkingHouse) -> None:
    opened = visit(talkers.page(1))
    page = opened.page
    sign_in(page)
    consent = page.get_by_role("group", name="Before your first message")
    expect(consent).to_be_focused()
    expect(consent).to_contain_text("You can export or erase everything at any time")
    expect(box(page)).to_be_hidden()
    consent.get_by_role("button", name="I agree").click()
    expect(box(page)).to_be_focused()
    script = talkers.model.will_say("Hello there. I am ", "glad.", stop_before=1, thinking="A guest. ")
    tell(page, "Good evening!")
    expect(replies(page)).to_have_text("Hello there. I am")
    expect(page.locator(".yours > .body")).to_have_text("Good evening!")
    expect(page.locator("#chat-examples")).to_be_hidden()
    expect(button(page, "Send")).to_be_disabled()
    expect(button(page, "Stop")).to_be_visible()
    # Whoever listens hears the sentence that is whole, not the half one.
    expect(page.get_by_role("log")).to_have_text("Hello there.")
    script.gate.set()
    expect(replies(page)).to_have_text("Hello there. I am glad.")
    expect(page.get_by_role("log")).to_have_text(re.compile(r"Hello there\.\s*I am glad\."))
    expect(page.locator(".theirs .chip")).to_have_text(re.compile(r"^[\w-]+ / scripted-model$"))
    expect(page.locator(".theirs .fine")).to_contain_text(re.compile(r"for it is .+\$\d\.\d{6}"))
    expect(button(page, "Stop")).to_be_hidden()
    expect(box(page)).to_be_focused()
    expect(page.locator(".theirs details.thinking")).not_to_have_attribute("open", "")
    page.get_by_text("Thinking", exact=True).click()
    expect(page.get_by_text("A guest.")).to_be_visible()
    page.reload()
    expect(replies(page)).to_have_text("Hello there. I am glad.")
    assert opened.complaints == []


def test_talk_by_keyboard_alone(visit: Opener, talkers: TalkingHouse) -> None:
    page = visit(talkers.page(1)).page
    press = page.keyboard.press
    button(page, "Sign in to talk").focus()
    press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name=HOLDER)).to_be_focused()
    press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Sign", exact=True)).to_be_focused()
    press("Enter")
    expect(box(page).or_(page.get_by_role("group", name="Before your first message"))).to_be_focused()
    if box(page).is_hidden():
        press("Tab")
        press("Enter")
    expect(box(page)).to_be_focused()
    count = replies(page).count()
    talkers.model.will_say("Two lines, I see.")
    page.keyboard.type("One")
    press("Shift+Enter")
    page.keyboard.type("two")
    expect(box(page)).to_have_value("One\ntwo")
    press("Enter")
    expect(replies(page)).to_have_count(count + 1)
    expect(replies(page).last).to_have_text("Two lines, I see.")
    expect(page.locator(".yours > .body").last).to_have_text("One\ntwo")
    expect(box(page)).to_be_focused()


def test_talk_enter_while_composing_does_not_send(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    asked = len(talkers.model.requests)
    box(page).fill("にほ")
    box(page).evaluate("""box => {
      for (const how of [{isComposing: true}, {keyCode: 229}])
        box.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true, cancelable: true, ...how}));
    }""")
    expect(box(page)).to_have_value("にほ")
    box(page).press("Enter")
    expect(replies(page)).to_have_text("Yes.")
    assert len(talkers.model.requests) == asked + 1


def test_talk_stopped_keeps_what_was_said(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    script = talkers.model.will_say("It began ", "and never ended.", stop_before=1)
    tell(page, "Tell me a long story.")
    expect(replies(page)).to_have_text("It began")
    button(page, "Stop").click()
    expect(page.locator(".theirs .fine")).to_contain_text("stopped")
    expect(box(page)).to_be_focused()
    expect(button(page, "Try again")).to_be_visible()
    script.gate.set()
    page.reload()
    expect(replies(page)).to_have_text("It began")


def test_talk_cut_connection_is_taken_up_again_without_loss_or_repeat(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    words = [f"{number} and " for number in range(40)]
    script = talkers.model.will_say(*words, "done.", stop_before=10)
    tell(page, "Count for me.")
    expect(replies(page)).to_have_text("".join(words[:10]).strip())
    asked = len(talkers.model.requests)
    page.context.set_offline(True)
    expect(notice(page)).to_contain_text("Trying to go on")
    script.gate.set()
    page.context.set_offline(False)
    expect(replies(page)).to_have_text("".join(words) + "done.")
    expect(notice(page)).to_be_empty()
    assert len(talkers.model.requests) == asked


def test_talk_page_opened_anew_in_the_middle_of_a_reply_goes_on(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    script = talkers.model.will_say("First half, ", "second half.", stop_before=1)
    tell(page, "Both halves, please.")
    expect(replies(page)).to_have_text("First half,")
    page.reload()
    expect(replies(page)).to_have_text("First half,")
    script.gate.set()
    expect(replies(page)).to_have_text("First half, second half.")
    expect(page.locator(".yours")).to_have_count(1)


def test_talk_server_killed_in_the_middle_keeps_what_was_said(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    talkers.model.will_say("What was said, ", "was said.", stop_before=1)
    tell(page, "Say it twice.")
    expect(replies(page)).to_have_text("What was said,")
    talkers.service.kill("serve")
    expect(notice(page)).to_contain_text("Trying to go on")
    talkers.service.start("serve")
    again = page.locator(".theirs").get_by_role("button", name="Try again")
    expect(again).to_be_visible(timeout=30_000)
    expect(replies(page)).to_have_text("What was said,")
    talkers.model.will_say("What was said, was said.")
    again.click()
    expect(replies(page)).to_have_text("What was said, was said.")
    expect(page.locator(".yours > .body")).to_have_text("Say it twice.")


def test_talk_tool_call_is_one_small_line(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    talkers.model.will_say("It is owned.", tool=("owner_of<b>", '{"token": 1}'))
    tell(page, "Who owns you?")
    call = page.get_by_text("Looked up: owner_of<b>")
    expect(call).to_be_visible()
    expect(page.get_by_text('"token": 1')).to_be_hidden()
    call.click()
    expect(page.get_by_text('"token": 1')).to_be_visible()
    expect(replies(page)).to_have_text("It is owned.")


def test_talk_session_is_renewed_while_somebody_is_here(visit: Opener, talkers: TalkingHouse) -> None:
    page = visit("about:blank").page
    page.clock.install()
    page.goto(talkers.page(1))
    sign_in(page)
    first = {each["value"] for each in page.context.cookies() if each["name"] == "dnft_session"}
    with page.expect_response("**/v1/auth/renew") as renewed:
        page.clock.fast_forward("06:00")
    assert renewed.value.status == 200
    second = {each["value"] for each in page.context.cookies() if each["name"] == "dnft_session"}
    assert len(first) == len(second) == 1 and first != second


def test_talk_edit_and_ask_again_replace_what_was_said(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    talkers.model.will_say("Blue.")
    tell(page, "Red or blue?")
    expect(replies(page)).to_have_text("Blue.")
    talkers.model.will_say("Red, then.")
    button(page, "Ask again").click()
    expect(replies(page)).to_have_text("Red, then.")
    button(page, "Edit").click()
    expect(box(page)).to_have_value("Red or blue?")
    expect(box(page)).to_be_focused()
    box(page).press("Escape")
    expect(box(page)).to_have_value("")
    button(page, "Edit").click()
    talkers.model.will_say("Green.")
    tell(page, "Red or green?")
    expect(replies(page)).to_have_text("Green.")
    expect(page.locator(".yours > .body")).to_have_text("Red or green?")
    page.reload()
    expect(replies(page)).to_have_text("Green.")
    expect(page.locator(".yours > .body")).to_have_text("Red or green?")


def test_talk_off_the_record_leaves_nothing_to_come_back_to(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    page.get_by_role("checkbox", name="Off the record").check()
    talkers.model.will_say("Between us.")
    tell(page, "Don't keep this: my cat is called Turnip.")
    expect(replies(page)).to_have_text("Between us.")
    expect(page.get_by_text("Off the record: nothing of this conversation is remembered")).to_be_visible()
    expect(button(page, "Edit")).to_be_hidden()
    page.goto(talkers.url + "/me")
    expect(page.get_by_text("off the record").first).to_be_visible()
    assert "Turnip" not in page.locator("main").inner_text()


def test_talk_offline_voice_says_that_it_is_no_model(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    talkers.model.will_say("I am made of facts.", name="offline-voice")
    tell(page, "What are you?")
    chip = page.get_by_text("offline voice, no language model")
    expect(chip).to_be_visible()
    chip.click()
    expect(page.get_by_text("scripts/demo --model-url")).to_be_visible()


# --- what can go wrong


def test_talk_model_down_is_told_and_tried_again(visit: Opener, talkers: TalkingHouse) -> None:
    opened = begin(visit, talkers.page(1))
    page = opened.page
    for _ in range(3):
        talkers.model.will_say(status=400)
    tell(page, "Are you there?")
    expect(page.locator(".yours > .body")).to_have_text("Are you there?")
    expect(notice(page)).not_to_be_empty()
    expect(button(page, "Send")).to_be_enabled()
    talkers.model.scripts.clear()
    talkers.model.will_say("Here again.")
    page.locator(".theirs").get_by_role("button", name="Try again").click()
    expect(replies(page)).to_have_text("Here again.")
    expect(notice(page)).to_be_empty()


def test_talk_session_ended_keeps_the_words(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1)).page
    tell(page, "One.")
    expect(replies(page)).to_have_text("Yes.")
    page.context.clear_cookies()
    tell(page, "A thought I would not want to type twice.")
    expect(notice(page)).to_contain_text("Your session has ended. Sign in again; what you wrote is still here.")
    expect(box(page)).to_have_value("A thought I would not want to type twice.")
    sign_in(page)
    expect(box(page)).to_be_focused()
    box(page).press("Enter")
    expect(replies(page)).to_have_text(["Yes.", "Yes."])


@pytest.mark.parametrize(
    ("setting", "value", "sent", "words"),
    [
        ("DNFT_CHAT_MESSAGES_PER_MINUTE", "1", 1, r"Enough for now: .+ It goes on at \d"),
        ("DNFT_CHAT_HOLDER_MICRO_PER_DAY", "0", 0, r"The money set aside for talking is spent. It goes on at \w"),
    ],
)
def test_talk_limit_is_told_with_when_it_ends(
    visit: Opener, talkers: TalkingHouse, setting: str, value: str, sent: int, words: str
) -> None:
    with talkers.another_server(**{setting: value}) as url:
        page = begin(visit, url + talkers.path(1), VISITOR).page
        for _ in range(sent):
            tell(page, "One.")
            expect(replies(page)).to_have_text("Yes.")
        tell(page, "And one more.")
        expect(notice(page)).to_have_text(re.compile(words))
        expect(box(page)).to_have_value("And one more.")
        expect(page.locator(".yours")).to_have_count(sent)


def test_talk_guest_where_only_the_owner_may(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1), OTHER).page
    _guests(talkers, False)
    try:
        tell(page, "May I?")
        expect(notice(page)).to_contain_text("Only its owner may talk with this agent.")
        expect(box(page)).to_have_value("May I?")
    finally:
        _guests(talkers, True)
    box(page).press("Enter")
    expect(replies(page)).to_have_text("Yes.")


def _guests(talkers: TalkingHouse, allowed: bool) -> None:
    with talkers.world() as world, world.database.write() as unit:
        collection = unit.session.get(Collection, 1)
        assert collection is not None
        collection.guests = allowed
        unit.session.add(collection)


def test_talk_sealed_by_a_transfer_can_be_read_only(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(0), OTHER).page
    tell(page, "Before the sale.")
    expect(replies(page)).to_have_text("Yes.")
    conversation = page.evaluate("fetch('/v1/conversations?limit=1').then(each => each.json())")["items"][0]
    with talkers.world() as world:
        project_id = world.project_id()
        with world.database.write() as unit:
            unit.chats.seal(project_id, conversation["id"])  # what a transfer does
    tell(page, "After the sale.")
    expect(page.get_by_text("This conversation is sealed")).to_be_visible()
    expect(box(page)).to_be_hidden()
    expect(page.locator(".yours > .body")).to_have_text("Before the sale.")
    page.goto(f"{talkers.page(0)}?conversation={conversation['id']}#talk")
    expect(replies(page)).to_have_text("Yes.")
    expect(page.get_by_text("This conversation is sealed")).to_be_visible()
    button(page, "New conversation").click()
    expect(box(page)).to_be_focused()


# --- hostile words

HOSTILE = (
    """<script>alert(1)</script><img src=x onerror=alert(2)> [click](javascript:alert(3)) [data](data:text/html,x)
[bank](https://bank.example@evil.example/) [docs](https://good.example/a) https://plain.example/b?c=<d>
\u202egnp.exe\u202c

# Heading <b>
- one **bold** *slanted* `code <i>`
  - nested
- two

1. first

```html
<iframe src="https://outside.example"></iframe>
```
![picture](https://outside.example/p.png) """
    + "W" * 300
)


def test_talk_hostile_reply_is_text_and_does_nothing(visit: Opener, talkers: TalkingHouse) -> None:
    opened = begin(visit, talkers.page(1), size=PHONE)
    page = opened.page
    talkers.model.will_say(*[HOSTILE[at : at + 7] for at in range(0, len(HOSTILE), 7)], "\n\nThe end.")
    tell(page, HOSTILE)
    reply = replies(page)
    expect(reply).to_contain_text("The end.")
    expect(reply).to_contain_text("<script>alert(1)</script><img src=x onerror=alert(2)>")
    for forbidden in ("img", "script", "iframe", "b", "i", "[style]", "[onerror]"):
        expect(page.locator(f".lines .body {forbidden}")).to_have_count(0)
    links = reply.locator("a")
    expect(links).to_have_text(["docs", "https://plain.example/b?c=", "picture"])
    for link in links.all():
        assert (link.get_attribute("href") or "").startswith("https://")
        assert link.get_attribute("rel") == "noopener nofollow noreferrer"
    expect(reply).to_contain_text("docs (good.example)")
    expect(reply.locator("strong")).to_have_text(["Heading <b>", "bold"])
    expect(reply.locator("em")).to_have_text("slanted")
    expect(reply.locator("ul ul li")).to_have_text("nested")
    expect(reply.locator("pre code")).to_have_text('<iframe src="https://outside.example"></iframe>')
    shown = page.locator(".lines").inner_text()
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", shown)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    assert opened.complaints == []
    assert not [url for url in opened.requests if not url.startswith((talkers.url + "/", "data:"))]


def test_markdown_long_and_odd_texts_are_read_in_time(visit: Opener, talkers: TalkingHouse) -> None:
    page = visit(talkers.page(1)).page
    script = page.locator("script[src*='/static/chat.']").get_attribute("src")
    text = page.request.get(talkers.url + str(script)).text()
    module = re.findall(r'from "\./(markdown\.[0-9a-f]+\.js)"', text)[0]
    odd = ["[" * 32_000, "*" * 32_000, "`" * 32_000, "**a" * 10_000, "_a " * 10_000, "- " * 16_000, "\n" * 32_000]
    odd += ["[a](https://" * 2_600, "https://" * 4_000, "  " * 10_000 + "- x", "#" * 32_000, "a\u202e" * 10_000]
    slowest = page.evaluate(
        """async ([path, texts]) => {
          const {markdown} = await import(path);
          const time = text => { const began = performance.now(); markdown(text); return performance.now() - began; };
          return Math.max(...texts.map(time));
        }""",
        [f"/static/{module}", odd],
    )
    assert slowest < 1500


# --- how it looks and reads


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_talk_open_conversation_has_contrast_and_names_and_fits_a_phone(
    visit: Opener, talkers: TalkingHouse, scheme: str
) -> None:
    page = begin(visit, talkers.page(1), size=PHONE, color_scheme=scheme).page
    talkers.model.will_say("A list:\n\n- `one`\n- [two](https://two.example)\n\n```\n" + "long " * 60 + "\n```")
    tell(page, "Show me " + "everything" * 12)
    expect(page.locator(".theirs .fine")).to_contain_text("$")
    contrasts = page.evaluate(CONTRASTS)
    assert [pair for pair in contrasts if pair[0] < 4.5] == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    small = page.evaluate(
        """[...document.querySelectorAll(".desk button, .desk textarea, .desk summary, .desk input")]
        .map(each => each.getBoundingClientRect()).filter(b => b.height && Math.min(b.height, b.width) < 20).length"""
    )
    assert small == 0
    unnamed = page.evaluate(
        """[...document.querySelectorAll(".desk button, .desk textarea, .desk input, .desk a")]
        .filter(each => each.checkVisibility() && !(each.textContent.trim() || each.labels?.length)).length"""
    )
    assert unnamed == 0
    expect(page.get_by_role("list", name="Conversation")).to_be_visible()
    expect(box(page)).to_have_accessible_description(re.compile("Enter sends"))


def test_talk_reduced_motion_stands_still(visit: Opener, talkers: TalkingHouse) -> None:
    page = begin(visit, talkers.page(1), reduced_motion="reduce").page
    script = talkers.model.will_say("Soon.", stop_before=0)
    tell(page, "Hurry.")
    expect(page.locator(".theirs.waiting")).to_be_visible()
    assert page.evaluate("document.querySelector('.chat').getAnimations({subtree: true}).length") == 0
    script.gate.set()
    expect(replies(page)).to_have_text("Soon.")


# --- what is remembered


def test_me_shows_forgets_exports_deletes_and_erases(visit: Opener, talkers: TalkingHouse) -> None:
    opened = begin(visit, talkers.page(1), VISITOR)
    page = opened.page
    tell(page, "My name is Wendeline and I love plums.")
    expect(replies(page)).to_have_text("Yes.")
    page.get_by_role("link", name="What is remembered of you").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What is remembered of you")
    words = page.locator(".kept q")
    expect(words.first).to_contain_text("Wendeline")
    count = words.count()
    assert count >= 1
    with page.expect_download() as download:
        page.get_by_role("link", name="Export all").click()
    assert "Wendeline" in json.loads(download.value.path().read_text())["agents"].__repr__()
    button(page, "Forget").first.click()
    expect(button(page, "Keep it")).to_be_focused()
    button(page, "Keep it").click()
    expect(button(page, "Forget").first).to_be_focused()
    button(page, "Forget").first.click()
    button(page, "Forget it for good").click()
    expect(words).to_have_count(count - 1)
    talks = page.locator(".kept").get_by_role("link", name="Read")
    before = talks.count()
    button(page, "Delete").first.click()
    button(page, "Delete for good").click()
    expect(talks).to_have_count(before - 1)
    erase = button(page, "Erase everything")
    expect(erase).to_be_disabled()
    page.get_by_role("textbox", name="Type erase everything").fill("erase everything")
    erase.click()
    expect(notice(page)).to_contain_text("Everything that was kept of you is erased")
    expect(page.locator(".kept")).to_have_count(0)
    assert opened.complaints == []
    sign_in(page, VISITOR)
    expect(page.get_by_text("Nothing is kept of you.")).to_be_visible()


def test_home_leads_to_the_talk(visit: Opener, talkers: TalkingHouse) -> None:
    page = visit(talkers.url + "/").page
    page.get_by_role("link", name="Talk to").click()
    page.wait_for_url(re.compile(r"/agents/31337/0x[0-9a-f]{40}/\d+#talk"))
    expect(page.get_by_role("heading", name="Talk to")).to_be_in_viewport()
