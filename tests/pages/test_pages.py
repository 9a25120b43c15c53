"""The pages as HTTP answers of the real server."""

import base64
import gzip
import hashlib
import html
import json
import re
from pathlib import Path

import httpx
import pytest

from app.adapters.clocks import ShiftedClock
from app.db.database import Database
from app.db.tables import Birth, Collection, Snapshot, Token, Version
from app.pages.assets import ASSETS
from app.provenance.canonical import canonical_json
from app.services.chat.conversations import CONSENT
from tests.pages.conftest import BROWSER, OWNER, House, own
from tests.worlds import ORIGIN, evolved, found, head, open_world, released, running_server

PAGES = ["/", "/agents", "/docs", "/me", "agent"]
TALKING = ("/me", "agent")


def visit(house: House, path: str, **headers: str) -> httpx.Response:
    return house.server.get(house.path(0) if path == "agent" else path, **{"accept": BROWSER, **headers})


# --- what every page does


@pytest.mark.parametrize("path", PAGES)
def test_page_has_the_headers_that_keep_it_to_itself(house: House, path: str) -> None:
    answer = visit(house, path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["frame-src"] == "'self'"
    assert policy["img-src"] == ("'self' data:" if path in TALKING else "'self'")  # wallets bring their icons as data
    assert policy.get("connect-src") == ("'self'" if path in TALKING else None)
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
def test_page_style_is_allowed_by_its_hash_and_nothing_else_is_inline(house: House, path: str) -> None:
    answer = visit(house, path)
    styles = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    assert len(styles) == 1 and f"'sha256-{digest}'" in answer.headers["content-security-policy"]
    assert not re.search(r"<[^>]+\s(style|on\w+)=", answer.text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", answer.text))


@pytest.mark.parametrize("path", PAGES)
def test_page_asked_again_answers_304_until_something_changes(house: House, path: str) -> None:
    first = visit(house, path)
    again = visit(house, path, if_none_match=first.headers["etag"])
    assert first.headers["etag"] == visit(house, path).headers["etag"]
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert visit(house, path, if_none_match='"other"').status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_page_gzip_is_the_same_page_under_a_tag_of_its_own(house: House, path: str) -> None:
    plain = visit(house, path)
    with house.server.client.stream("GET", str(plain.url), headers={"accept": BROWSER, "accept-encoding": "gzip"}) as a:
        packed = b"".join(a.iter_raw())
    assert a.headers["content-encoding"] == "gzip" and "Accept-Encoding" in a.headers["vary"]
    assert gzip.decompress(packed) == plain.content and len(packed) < len(plain.content) // 2
    assert a.headers["etag"] != plain.headers["etag"]
    assert "content-encoding" not in visit(house, path, accept_encoding="gzip;q=0").headers


@pytest.mark.parametrize("path", PAGES)
def test_page_head_answers_like_get(house: House, path: str) -> None:
    got = visit(house, path)
    asked = house.server.head(house.path(0) if path == "agent" else path, accept=BROWSER)
    assert (asked.status_code, asked.content) == (200, b"")
    assert asked.headers["etag"] == got.headers["etag"]


@pytest.mark.parametrize("path", PAGES)
def test_page_links_come_from_the_origin_never_from_the_host_header(house: House, path: str) -> None:
    text = visit(house, path, host="evil.example").text
    assert "evil.example" not in text and "127.0.0.1" not in text
    canonical = re.findall(r'<link rel="canonical" href="([^"]+)">', text)
    assert canonical == [ORIGIN + (house.path(0) if path == "agent" else path)]
    assert f'<meta property="og:url" content="{canonical[0]}">' in text


@pytest.mark.parametrize("path", PAGES)
def test_page_has_one_title_one_h1_and_headings_in_order(house: House, path: str) -> None:
    text = visit(house, path).text
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", text)]
    assert text.count("<title>") == 1 and levels.count(1) == 1
    first = levels.index(1)
    assert all(after <= before + 1 for before, after in zip(levels[first:], levels[first + 1 :], strict=False))
    assert len(re.findall(r'<meta name="description" content="[^"]{5,}">', text)) == 1


def test_static_files_are_named_by_their_content_and_kept_for_ever(house: House) -> None:
    text = visit(house, "/").text
    urls = re.findall(r'(?:href|src)="(/static/[^"]+)"', text)
    assert {url.rsplit(".", 1)[1] for url in urls} == {"css", "js", "svg"}
    for url in urls:
        answer = house.server.get(url)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert hashlib.sha256(answer.content).hexdigest()[:12] in url
        assert house.server.get(url, if_none_match=answer.headers["etag"]).status_code == 304
    assert house.server.get("/static/site.css").status_code == 404


def test_scripts_are_small_and_build_elements_without_parsing(house: House) -> None:
    scripts = {name.split(".")[0]: body.decode() for name, (body, _) in ASSETS.items() if name.endswith(".js")}
    assert {"chat", "me", "api", "wallet", "markdown", "living"} == set(scripts), "the demo's wallet is not among them"
    assert len(scripts["chat"]) < 20_000
    parsing = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|eval\(|new Function|setAttribute\(.on"
    for name, text in scripts.items():
        assert not re.search(parsing, text), name
        for imported in re.findall(r'from "([^"]+)"', text):
            assert house.server.get("/static/" + imported.removeprefix("./")).status_code == 200, imported
    assert house.server.get("/static/demo-wallet.js").status_code == 404


def test_me_says_what_is_kept_without_scripts(house: House) -> None:
    text = visit(house, "/me").text
    assert CONSENT.text in html.unescape(text) and "DELETE /v1/me" in text


# --- home


def test_home_each_day_features_the_next_agent_and_the_burned_never(house: House, tmp_path: Path) -> None:
    calendar = ShiftedClock(house.world.clock, house.world.settings.data / "calendar")
    seen = []
    try:
        for _ in range(4):
            seen.append(re.findall(r'<a class="door" href="([^"]+)"', visit(house, "/").text)[0])
            calendar.advance(86_400)
    finally:
        (house.world.settings.data / "calendar").unlink()
    assert set(seen) == {house.path(0), house.path(1), house.path(2)}
    assert visit(house, "/").content == visit(house, "/").content


def test_home_tells_true_facts_and_shows_the_living_portrait(house: House) -> None:
    text = visit(house, "/").text
    assert "4 of 40 released · 1 minted · no commit yet" in text
    media = re.findall(r'<iframe src="(/ipfs/[^"]+)/animation.html" sandbox="allow-scripts"', text)
    assert len(media) == 1 and f'<img src="{media[0]}/image.png" width="1024" height="1024" alt="Portrait of' in text
    assert "“" not in text  # quotation marks are the style sheet's


def test_home_quotes_the_introduction_of_the_agent(house: House) -> None:
    text = visit(house, house.path(0)).text
    assert re.search(r'<blockquote class="quote"><p><bdi>.{10,}</bdi></p></blockquote>', text)


def test_home_without_a_collection_helps(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    with running_server(world) as server:
        answer = server.get("/", accept=BROWSER)
        assert answer.status_code == 200
        assert "Nobody lives here yet" in answer.text and "dnft deploy" in answer.text
        assert "nobody to meet" in server.get("/agents", accept=BROWSER).text
        town = found(world, supply=3)
        assert "dnft mint dixie-town" in server.get("/", accept=BROWSER).text
        assert "No agent of this collection" in server.get("/agents", accept=BROWSER).text
        released(world, town, 1)
        assert "Meet " in server.get("/", accept=BROWSER).text


# --- gallery


def test_gallery_shows_the_living_with_sized_lazy_pictures_and_owners(house: House) -> None:
    text = visit(house, "/agents").text
    assert re.findall(r'<p class="plate"><a href="([^"]+)"', text) == [house.path(n) for n in (0, 1, 2)]
    assert "held by 0xf39f…2266" in text and "not minted yet" in text
    for tag in re.findall(r"<img [^>]+>", text):
        assert 'width="512" height="512"' in tag and re.search(r'alt="Portrait of [^"]+"', tag)


def test_gallery_pages_by_id_without_gap_or_repeat(palace: House) -> None:
    url, seen, rooms = "/agents", [], 0
    while url:
        text = palace.server.get(url, accept=BROWSER).text
        seen += [int(token) for token in re.findall(r'<p class="plate"><a href="[^"]+/(\d+)"', text)]
        following = re.findall(r'<a href="([^"]+)" rel="next">', text)
        back = re.findall(r'<a href="([^"]+)" rel="prev">', text)
        assert bool(back) == (rooms > 0)
        url, rooms = (following[0] if following else ""), rooms + 1
    assert seen == list(range(60)) and rooms == 3
    assert re.findall(r'<img [^>]+loading="lazy"', text)


@pytest.mark.parametrize(
    ("after", "status"), [("0", 200), ("39", 200), ("40", 404), ("x", 400), ("-1", 400), ("9" * 70, 404)]
)
def test_gallery_after_is_parsed_strictly(house: House, after: str, status: int) -> None:
    assert visit(house, f"/agents?after={after}").status_code == status


def test_gallery_of_several_collections_has_a_wall_for_each(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    one = released(world, found(world, name="one", supply=3), 2)
    two = released(world, found(world, name="two", supply=3, contract="0x" + "cd" * 20), 1)
    with running_server(world) as server:
        text = server.get("/agents", accept=BROWSER).text
        assert text.index(f'"/agents{one.path()}"') < text.index(f'"/agents{two.path()}"')
        assert text.count('<p class="plate">') == 3
        room = server.get("/agents" + two.path(), accept=BROWSER).text
        assert room.count('<p class="plate">') == 1 and "1 of 3 released" in room
        features = {re.findall(r'class="door" href="/agents/31337/(0x..)', server.get("/").text)[0]}
        ShiftedClock(world.clock, world.settings.data / "calendar").advance(86_400)
        features.add(re.findall(r'class="door" href="/agents/31337/(0x..)', server.get("/").text)[0])
        assert features == {"0xab", "0xcd"}


# --- agent


def test_agent_shows_what_the_published_document_says(house: House) -> None:
    text = visit(house, "agent").text
    snapshot = head(house.world, house.town, 0)
    document = json.loads(snapshot.hosted)
    words = {each["trait_type"]: each["value"] for each in document["attributes"]}
    meters = re.findall(
        r'role="meter" aria-label="(\w+)" [^>]*aria-valuenow="(\d)" aria-valuetext="([\w-]+), step', text
    )
    assert [(name, int(now) - 1, word) for name, now, word in meters] == [
        (name, int(snapshot.bands[at]), words[name]) for at, (name, _, _) in enumerate(meters)
    ]
    assert len(meters) == 16
    for fact in (
        str(house.town.agent(0)),
        snapshot.document_cid,
        snapshot.document_sha256,
        snapshot.media_cid,
        document["beauvoir"]["pack"],
        document["beauvoir"]["sha256"],
        snapshot.day,
    ):
        assert f"{fact}</" in text, fact
    assert words["Archetype"] in text and words["Element"] in text
    assert "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266" in text


def test_agent_every_link_of_the_page_answers(house: House) -> None:
    text = visit(house, house.path(1)).text
    links = set(re.findall(r'(?:href|src)="(/[^"#]*)"', text))
    place = house.town.path(1)
    assert {place, f"{place}/v/1", f"{place}/v/2", f"{place}/beauvoir", f"{place}/diagnose"} <= links
    for link in sorted(links):
        assert house.server.get(link).status_code == 200, link


def test_agent_history_says_what_changed(house: House) -> None:
    text = visit(house, house.path(1)).text
    assert text.index("Snapshot 2</a>") < text.index("Snapshot 1</a>")
    assert "<li>Level: 1 → <em>2</em></li>" in text and "<p>Born.</p>" in text


def test_agent_new_snapshot_and_new_owner_are_seen_at_once(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    town = released(world, found(world, supply=2), 1)
    with running_server(world) as server:
        path = f"/agents{town.path(0)}"
        first = server.get(path, accept=BROWSER)
        own(world, town, 0, OWNER)
        second = server.get(path, accept=BROWSER, if_none_match=first.headers["etag"])
        assert second.status_code == 200 and "not minted yet" in first.text and "not minted yet" not in second.text
        evolved(world, town, 0)
        third = server.get(path, accept=BROWSER, if_none_match=second.headers["etag"])
        assert third.status_code == 200 and "Snapshot 2</a>" in third.text


# --- refusals


@pytest.mark.parametrize(
    ("token", "status", "code", "title"),
    [
        ("4", 404, "sealed-token", "Not yet born"),
        ("39", 404, "sealed-token", "Not yet born"),
        ("3", 410, "burned", "Taken down"),
        ("40", 404, "not-found", "An empty wall"),
        (str(2**255), 404, "not-found", "An empty wall"),
        ("007", 400, "malformed-token-id", "Malformed token id"),
        ("1/extra", 404, "not-found", "An empty wall"),
    ],
)
def test_refusal_is_a_page_for_browsers_and_problem_json_for_others(
    house: House, token: str, status: int, code: str, title: str
) -> None:
    page = visit(house, house.path(token))
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f"<h1>{title}</h1>" in page.text and "noindex" in page.text and "Accept" in page.headers["vary"]
    other = house.server.get(house.path(token), accept="application/json")
    assert (other.status_code, other.headers["content-type"]) == (status, "application/problem+json")
    assert other.json()["code"] == code and "Accept" in other.headers["vary"]
    for answer in (page, other):
        assert ("no-store" in answer.headers["cache-control"]) == (code == "sealed-token")


def test_refusal_of_an_api_path_stays_problem_json_for_browsers(house: House) -> None:
    for path in (house.town.path(4), house.town.path(3), house.town.path(4, "/history"), "/v1/nothing"):
        assert visit(house, path).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/agents/0/0x00", "/agents/1/0x" + "0" * 40, "/agents/1", "/agents/a/b/c/d"])
def test_refusal_odd_addresses_are_pages_too(house: House, path: str) -> None:
    answer = visit(house, path)
    assert answer.status_code in (400, 404) and "<h1>" in answer.text


# --- hostile words


def test_hostile_words_are_shown_and_do_nothing(tmp_path: Path) -> None:
    world = open_world(tmp_path)
    town = released(world, found(world, supply=3), 2)
    evil = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}\u202e"
    rename_everything(world.database, town.id, evil)
    with running_server(world) as server:
        for path in ("/", "/agents", f"/agents{town.path(0)}", "/docs"):
            answer = server.get(path, accept=BROWSER)
            assert answer.status_code == 200, path
            assert "<script>" not in answer.text and "<img src=x" not in answer.text and "\u202e" not in answer.text
            assert "49" not in re.findall(r"<title>(.*?)</title>", answer.text)[0]
            assert "&lt;script&gt;" in answer.text
            assert not re.search(r"<style>[^<]*script", answer.text)


def rename_everything(database: Database, collection_id: int, evil: str) -> None:
    with database.write() as unit:
        collection = unit.session.get(Collection, collection_id)
        token = unit.session.get(Token, (collection_id, 0))
        birth = unit.session.get(Birth, (collection_id, 0))
        snapshot = unit.session.get(Snapshot, (collection_id, 0, 1))
        other = unit.session.get(Token, (collection_id, 1))
        assert collection and token and birth and snapshot and other
        collection.name = collection.description = evil
        token.name = other.name = evil
        version = unit.session.get(Version, (collection_id, 0, 1))
        assert version
        birth.introduction = evil
        version.document = f"# {evil}\n\n## {evil}\n\n{evil}\n"
        personality = json.loads(birth.personality)
        personality["name"] = evil
        personality["signals"] = [[evil, evil]]
        birth.personality = canonical_json(personality)
        document = json.loads(snapshot.hosted)
        document["name"] = document["description"] = evil
        document["background_color"] = "}</style><script>"
        for attribute in document["attributes"]:
            attribute["value"] = evil
        document["beauvoir"]["pack"] = document["beauvoir"]["ruleset"] = evil
        snapshot.hosted = canonical_json(document)
        snapshot.stage = evil[:20]
        for row in (collection, token, other, birth, snapshot):
            unit.session.add(row)


# --- reference


def test_docs_lists_every_operation_of_the_openapi_document(house: House) -> None:
    text = visit(house, "/docs").text
    document = house.server.get("/openapi.json").json()
    assert len(document["paths"]) > 5
    for path, item in document["paths"].items():
        assert f"<code>{path}</code>" in text
        for operation in item.values():
            assert f'id="{operation["operationId"]}"' in text and f'href="#{operation["operationId"]}"' in text
            for parameter in operation.get("parameters", []):
                assert f"<code>{parameter['name']}</code>" in text


def test_openapi_does_not_list_pages(house: House) -> None:
    assert not [
        path
        for path in house.server.get("/openapi.json").json()["paths"]
        if path.startswith(("/agents", "/static", "/docs", "/_demo")) or path == "/me"
    ]
