"""Our own server keeps every published rule of its consumers. One test a rule, named after its section and number."""
# ruff: noqa: N802 - the names quote the sections of docs/consumers.md

import hashlib
import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from app.consumers.evaluation import evaluate
from app.consumers.observation import HttpAnswer
from app.consumers.registry import CHECKS
from app.consumers.rules import consumers
from scripts.check import check
from tests.consumers.edge import CHAIN_ID, Edge, running_edge, running_without_database
from tests.consumers.samples import document, seen

MEDIA_TYPES = {
    "image.png": "image/png",
    "image-512.png": "image/png",
    "image-250.png": "image/png",
    "image.webp": "image/webp",
    "image.svg": "image/svg+xml",
    "animation.html": "text/html; charset=utf-8",
}
IMAGES = [name for name in MEDIA_TYPES if name.startswith("image")]
LOCAL = {"metamask.public-host"}
"""Rules that no server on this machine can keep: it has no public name and no certificate."""
PACKS = sorted(
    entry.name for entry in (resources.files("personalities") / "packs").iterdir() if (entry / "pack.toml").is_file()
)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with running_edge(tmp_path_factory.mktemp("edge")) as running:
        yield running


def kept(edge: Edge, section: str) -> None:
    """All rules of the section pass, or say nothing worse than what is worth knowing."""
    broken = [f"{row.rule}: {row.seen}" for row in edge.rows(section) if row.verdict in {"fail", "warn"}]
    assert [line for line in broken if line.partition(":")[0] not in LOCAL] == []


def problem(answer: HttpAnswer) -> dict[str, Any]:
    """The problem document of an error answer (RFC 9457)."""
    assert answer.header("content-type") == "application/problem+json", answer.url
    body: dict[str, Any] = json.loads(answer.body)
    assert body["status"] == answer.status
    assert {"type", "title", "detail", "code"} <= set(body)
    return body


# --- A. fetching JSON ------------------------------------------------------------------------------------------------


def test_A1_content_type_contains_application_json(edge: Edge) -> None:
    for path in ("/1", "/1.json", "/0x1", f"/{1:064x}", "/1/v/1", "", "/1/beauvoir.json", "/1/history", "/1/diagnose"):
        assert edge.fetch(path).header("content-type") == "application/json", path
    kept(edge, "A1")


def test_A2_body_is_small_and_the_personality_is_by_reference(edge: Edge) -> None:
    body = edge.token.get.body
    assert len(body) <= 16_384
    reference = edge.document["beauvoir"]
    markdown = edge.fetch("/1/beauvoir").body
    assert reference["sha256"] == hashlib.sha256(markdown).hexdigest()
    assert markdown.decode() not in json.loads(body).values()
    assert edge.fetch(f"{edge.origin}/ipfs/{reference['cid']}").body == markdown
    kept(edge, "A2")


def test_A3_cold_answer_in_time_and_no_redirects(edge: Edge) -> None:
    assert edge.first.status == 200
    assert edge.first.elapsed_ms < 2000
    for path in ("/1/", "//1", "/", "/1.json/", "/1/v/1/", "/1//"):
        answer = edge.fetch(path)
        assert answer.redirects == (), path
        assert not 300 <= answer.status < 400, path
    kept(edge, "A3")


def test_A3_links_come_from_the_configured_origin_whatever_the_request_says(edge: Edge) -> None:
    lies = {"host": "evil.example", "x_forwarded_host": "evil.example", "x_forwarded_proto": "https"}
    for path in ("/1", ""):
        answer = edge.fetch(path, **lies)
        assert answer.body == edge.fetch(path).body
        assert b"evil.example" not in answer.body


def test_A4_success_is_exactly_200(edge: Edge) -> None:
    assert edge.fetch("/1").status == 200
    assert edge.fetch("/1", if_none_match='"something else"').status == 200
    kept(edge, "A4")


def test_A4_outage_has_a_status_that_indexers_try_again(tmp_path: Path, edge: Edge) -> None:
    with running_without_database(tmp_path) as origin:
        for path in (f"/{CHAIN_ID}/{edge.contract}/1", f"/{CHAIN_ID}/{edge.contract}", "/ipfs/" + _cid(edge)):
            answer = edge.fetch(origin + path)
            assert (answer.status, answer.header("cache-control")) == (504, "no-store"), path
            assert answer.header("retry-after").isdigit()
            assert problem(answer)["retryable"] is True


def _cid(edge: Edge) -> str:
    return str(edge.document["image"]).removeprefix(f"{edge.origin}/ipfs/").partition("/")[0]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/2", 404, "sealed-token"),
        ("/5", 404, "not-found"),
        (f"/{2**63 - 1}", 404, "not-found"),
        (f"/{2**63}", 404, "not-found"),
        (f"/{2**256 - 1}", 404, "not-found"),
        ("/1/v/2", 404, "not-found"),
        ("/1/v/0", 400, "invalid"),
        ("/1/v/999999999", 404, "not-found"),
        ("/1/v/99999999999999999999", 400, "invalid"),
        ("/one", 400, "malformed-token-id"),
        ("/1/nothing", 404, "not-found"),
    ],
)
def test_A5_never_200_with_an_error_body(edge: Edge, path: str, status: int, code: str) -> None:
    for method in ("GET", "HEAD"):
        answer = edge.fetch(path, method)
        assert answer.status == status
    answer = edge.fetch(path)
    body = problem(answer)
    assert body["code"] == code
    assert not {"name", "image", "attributes"} & set(body)


def test_A5_rules_on_error_bodies_are_kept(edge: Edge) -> None:
    kept(edge, "A5")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/{CHAIN_ID}/0x{'0' * 40}/1", 404),
        ("/999/{contract}/1", 404),
        ("/9999999999999999/{contract}/1", 404),
        (f"/0{CHAIN_ID}/{{contract}}/1", 400),
        ("/one/{contract}/1", 400),
        (f"/{CHAIN_ID}/0x12/1", 400),
        ("/ipfs/nonsense", 400),
        ("/ipfs/bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4", 404),
    ],
)
def test_A5_unknown_chain_contract_and_content_are_refused(edge: Edge, path: str, status: int) -> None:
    answer = edge.fetch(edge.origin + path.format(contract=edge.contract))
    assert answer.status == status
    problem(answer)


def test_A6_everything_a_first_fetch_needs_is_live_at_once(edge: Edge) -> None:
    for name in (*MEDIA_TYPES, "beauvoir.md"):
        assert edge.fetch(edge.media_root + name).status == 200, name
    kept(edge, "A6")


def test_A6_sealed_token_leaves_nothing_that_sticks(edge: Edge) -> None:
    for path in ("/2", "/2.json", "/0x2", "/4"):
        answer = edge.fetch(path)
        assert (answer.status, answer.header("cache-control"), answer.header("etag")) == (404, "no-store", "")
    # Ids beyond the supply will never exist, so that much may be remembered for a moment.
    assert "max-age=30" in edge.fetch("/5").header("cache-control")


@pytest.mark.parametrize("form", ["1", "0x1", "0x01", f"{1:064x}", f"0x{1:064x}", f"0x{1:064X}"])
def test_A7_every_spelling_of_an_id_gives_the_same_bytes(edge: Edge, form: str) -> None:
    for suffix in ("", ".json"):
        answer = edge.fetch(f"/{form}{suffix}")
        assert (answer.status, answer.body) == (200, edge.token.get.body)


@pytest.mark.parametrize(
    "form",
    ["01", "+1", "%2B1", "%201", "1%20", "1_0", "-1", "1.0", "1e0", "0x", "0X1", "0xg", "x1", "1%00", "١",
     str(2**256), f"0x{2**256:x}", f"{1:063x}", f"{1:065x}", "null", "undefined", "%7Bid%7D"],
)  # fmt: skip
def test_A7_malformed_id_is_400(edge: Edge, form: str) -> None:
    answer = edge.fetch(f"/{form}")
    assert answer.status == 400
    assert (problem(answer)["code"], answer.header("cache-control")) == ("malformed-token-id", "public, max-age=300")


def test_A7_sixty_four_digits_without_a_leading_zero_are_decimal(edge: Edge) -> None:
    assert edge.fetch("/" + "1" * 64).status == 404
    kept(edge, "A7")


def test_A8_no_id_template_in_the_json(edge: Edge) -> None:
    assert b"{id}" not in edge.token.get.body
    kept(edge, "A8")


# --- B. shape --------------------------------------------------------------------------------------------------------


def test_B9_texts_are_strings_and_urls_absolute(edge: Edge) -> None:
    for key in ("name", "description", "image", "animation_url", "external_url"):
        assert isinstance(edge.document[key], str), key
        assert edge.document[key].strip()
    for key in ("image", "animation_url", "external_url"):
        assert edge.document[key].startswith(edge.origin + "/")
    assert "image_url" not in edge.document
    kept(edge, "B9")


def test_B10_no_properties_no_image_data_and_a_flat_list_of_traits(edge: Edge) -> None:
    assert not {"properties", "image_data", "traits"} & set(edge.document)
    assert isinstance(edge.document["attributes"], list)
    kept(edge, "B10")


def test_B11_traits_are_few_plain_and_quantised(edge: Edge) -> None:
    attributes = edge.document["attributes"]
    assert 1 <= len(attributes) <= 30
    names = [trait["trait_type"] for trait in attributes]
    assert len(names) == len({name.lower() for name in names})
    for trait in attributes:
        assert set(trait) <= {"trait_type", "value", "display_type"}
        # Only the level counts; everything that evolves is one of a few words.
        assert isinstance(trait["value"], int if trait["trait_type"] == "Level" else str)
        assert trait["value"]
    kept(edge, "B11")


@pytest.mark.parametrize("pack", PACKS)
def test_B12_agent_platform_reads_the_pack_made_for_it(edge: Edge, tmp_path: Path, pack: str) -> None:
    if pack == "dixie":
        report = edge.report
    else:
        with running_edge(tmp_path, pack) as other:
            report = other.report
    verdicts = {row.verdict for row in report.rows if row.section == "B12"}
    assert verdicts == ({"pass"} if pack == "mibera" else {"not-applicable"})


def test_B13_marketplace_members_of_token_and_collection(edge: Edge) -> None:
    assert re.fullmatch(r"[0-9a-f]{6}", edge.document["background_color"])
    assert edge.fetch(edge.document["animation_url"]).header("content-type").startswith("text/html")
    kept(edge, "B13")
    collection = edge.collection.document
    assert collection is not None
    assert collection["name"] == "Edge Agents"
    assert edge.collection.kind == "contract"
    report = evaluate(edge.collection)
    assert report.worst in {"pass", "info"}, [f"{row.rule}: {row.seen}" for row in report.rows if row.verdict == "fail"]
    assert edge.fetch(str(collection["image"])).status == 200


# --- C. images -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MEDIA_TYPES)
def test_C14_head_is_200_with_the_type_and_length_of_get(edge: Edge, name: str) -> None:
    got, head = edge.fetch(edge.media_root + name), edge.fetch(edge.media_root + name, "HEAD")
    assert (head.status, head.body) == (200, b"")
    for field in ("content-type", "content-length", "etag", "cache-control", "access-control-allow-origin"):
        assert head.header(field) == got.header(field) != "", field


def test_C14_head_is_like_get_on_every_public_read(edge: Edge) -> None:
    for path in ("/1", "/1.json", "", "/1/v/1", "/1/beauvoir", "/1/beauvoir.json", "/1/history", "/1/diagnose", "/2"):
        got, head = edge.fetch(path), edge.fetch(path, "HEAD")
        assert (head.status, head.body) == (got.status, b""), path
        without_date = [{name: value for name, value in one.headers.items() if name != "date"} for one in (got, head)]
        assert without_date[0] == without_date[1], path
    kept(edge, "C14")


@pytest.mark.parametrize(("name", "kind"), MEDIA_TYPES.items())
def test_C15_type_is_exact_and_ranges_are_served(edge: Edge, name: str, kind: str) -> None:
    whole = edge.fetch(edge.media_root + name)
    assert whole.header("content-type") == kind
    assert len(whole.body) <= 500_000
    part = edge.fetch(edge.media_root + name, range="bytes=0-1023")
    size = min(1024, len(whole.body))
    assert (part.status, part.body) == (206, whole.body[:1024])
    assert part.header("content-range") == f"bytes 0-{size - 1}/{len(whole.body)}"
    assert part.header("content-type") == kind
    last = edge.fetch(edge.media_root + name, range="bytes=-5")
    assert (last.status, last.body) == (206, whole.body[-5:])
    beyond = edge.fetch(edge.media_root + name, range=f"bytes={len(whole.body)}-")
    assert (beyond.status, beyond.header("content-range")) == (416, f"bytes */{len(whole.body)}")


def test_C15_rules_on_types_are_kept(edge: Edge) -> None:
    kept(edge, "C15")


def test_C16_path_ends_in_png_carries_the_version_and_ignores_the_query(edge: Edge) -> None:
    image = edge.document["image"]
    assert image.endswith("/image.png")
    assert "?" not in image
    assert re.fullmatch(r"b[a-z2-7]{50,}", _cid(edge))
    plain = edge.fetch(image)
    for query in ("?v=1700000000", "?v=1&width=250", "?", "?format=", "?%00=%FF"):
        answer = edge.fetch(image + query)
        assert (answer.status, answer.body, answer.header("etag")) == (200, plain.body, plain.header("etag")), query
    for query in ("?v=1", "?format=car", "?"):
        assert edge.fetch("/1" + query).body == edge.token.get.body
    kept(edge, "C16")


def test_C17_image_is_png_and_the_svg_survives_sanitising(edge: Edge) -> None:
    assert edge.fetch(edge.document["image"]).body[:8] == b"\x89PNG\r\n\x1a\n"
    svg = edge.fetch(edge.media_root + "image.svg").body
    as_image = seen(document(image=edge.media_root + "image.svg"), image=svg, image_type="image/svg+xml")
    calls = [rule.call for consumer in consumers() for rule in consumer.rules if rule.call.check.startswith("svg-")]
    assert {call.check for call in calls} == {name for name in CHECKS if name.startswith("svg-")}
    for call in calls:
        finding = call(as_image)
        assert finding.ok is True, finding.seen
    kept(edge, "C17")


def test_C18_cors_star_on_json_and_images(edge: Edge) -> None:
    answers = [
        edge.fetch(path) for path in ("/1", "/1/v/1", "", "/1/beauvoir", "/1/history", "/2", "/01", "/1/nothing")
    ]
    answers += [edge.fetch(edge.media_root + name) for name in MEDIA_TYPES]
    answers += [edge.fetch("/1", "HEAD"), edge.fetch("/1", if_none_match=edge.token.get.header("etag"))]
    answers += [edge.fetch("/1", origin="https://evil.example", cookie="a=b")]
    for answer in answers:
        assert answer.header("access-control-allow-origin") == "*", (answer.url, answer.status)
        assert answer.header("access-control-allow-credentials") == ""
        assert "set-cookie" not in answer.headers
        assert "origin" not in answer.header("vary").lower()
    kept(edge, "C18")


def test_C18_preflight_allows_any_origin_and_exposes_the_etag(edge: Edge) -> None:
    for path in ("/1", "", edge.document["image"]):
        answer = edge.fetch(
            path,
            "OPTIONS",
            origin="https://wallet.example",
            access_control_request_method="GET",
            access_control_request_headers="if-none-match",
        )
        assert (answer.status, answer.header("access-control-allow-origin")) == (204, "*")
        assert "GET" in answer.header("access-control-allow-methods")
        assert "if-none-match" in answer.header("access-control-allow-headers")
    assert "etag" in edge.fetch("/1").header("access-control-expose-headers").lower()


def test_C18_crawlers_are_not_challenged(edge: Edge) -> None:
    for agent in ("", "curl/8", "python-requests/2.32", "Googlebot/2.1", "OpenSea", "node-fetch"):
        assert edge.fetch("/1", user_agent=agent).status == 200


# --- all of it -------------------------------------------------------------------------------------------------------


def test_every_rule_of_every_consumer_is_kept(edge: Edge) -> None:
    broken = {row.rule for row in edge.report.rows if row.verdict in {"fail", "warn"}}
    assert broken <= LOCAL


def test_caches_can_revalidate_and_keep_no_errors(edge: Edge) -> None:
    kept(edge, "HTTP")
    fresh = edge.fetch("/1")
    for condition in (fresh.header("etag"), f'"x", {fresh.header("etag")}', "*", "W/" + fresh.header("etag")):
        assert edge.fetch("/1", if_none_match=condition).status == 304


def test_stored_diagnosis_said_what_the_live_server_shows(edge: Edge) -> None:
    promised = {row["rule"]: row["verdict"] for row in json.loads(edge.fetch("/1/diagnose").body)["rows"]}
    assert promised == {row.rule: row.verdict for row in edge.report.rows}


def test_check_command_on_our_own_token_exits_0(edge: Edge, capsys: pytest.CaptureFixture[str]) -> None:
    for url in (edge.token_url, edge.collection_url, edge.token_url + "/v/1"):
        assert check(url, None, "", True) == 0, url
        assert json.loads(capsys.readouterr().out)["data"]["passed"] is True
