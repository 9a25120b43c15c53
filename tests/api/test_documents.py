"""What the public paths answer with: documents, statuses, lifetimes."""

import hashlib
import json
from datetime import datetime
from typing import Any

import brotli
import httpx
import pytest

from app.provenance.canonical import canonical_json
from app.provenance.cid import parse_cid
from personalities import DIALS
from renderers import canonical_from_hosted
from tests.api.conftest import Site
from tests.worlds import head

MAX_ID = 2**256 - 1
SECONDARY = ("/beauvoir", "/beauvoir.json", "/history", "/diagnose")


def cache_control(answer: httpx.Response) -> set[str]:
    return set(answer.headers["cache-control"].split(", "))


def expect_problem(answer: httpx.Response, status: int, code: str, lifetime: str) -> dict[str, Any]:
    """An RFC 9457 answer that is complete, says how long it holds, and has no validator to be kept by."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert cache_control(answer) == ({"no-store"} if lifetime == "no-store" else {"public", lifetime})
    assert "etag" not in answer.headers and "set-cookie" not in answer.headers
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "retryable"} <= body.keys()
    assert body["status"] == status and body["code"] == code and body["type"] == f"urn:dnft:problem:{code}"
    return body


# --- live documents


def test_token_released_answers_its_document(site: Site) -> None:
    answer = site.server.get(site.town.path(0))
    document = answer.json()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert cache_control(answer) == {"public", "max-age=30", "s-maxage=30", "stale-if-error=86400"}
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "ETag" in answer.headers["access-control-expose-headers"]
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["cache-tag"] == f"c{site.town.id},c{site.town.id}-t0"
    assert answer.headers["cache-groups"] == f'"c{site.town.id}", "c{site.town.id}-t0"'
    assert "set-cookie" not in answer.headers
    assert document["name"] and document["description"] and document["beauvoir"]["snapshot"] == 1
    assert [each["trait_type"] for each in document["attributes"]][-18:-2] == list(DIALS)


def test_token_etag_and_content_length_are_those_of_the_bytes(site: Site) -> None:
    answer = site.server.get(site.town.path(0))
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_token_hosted_bytes_invert_to_the_pinned_document(site: Site) -> None:
    answer = site.server.get(site.town.path(2))
    canonical = canonical_from_hosted(answer.content, site.town.origin)
    entry = site.server.get(site.town.path(2, "/history")).json()["snapshots"][0]
    assert hashlib.sha256(canonical).hexdigest() == entry["sha256"]
    assert parse_cid(entry["cid"]).digest == hashlib.sha256(canonical).digest()
    assert canonical == head(site.world, site.town, 2).canonical


def test_token_pinned_document_is_served_by_the_gateway_byte_for_byte(site: Site) -> None:
    entry = site.server.get(site.town.path(0, "/history")).json()["snapshots"][0]
    pinned = site.server.get(f"/ipfs/{entry['cid']}").content
    assert pinned == canonical_from_hosted(site.server.get(site.town.path(0)).content, site.town.origin)
    assert b"ipfs://" in pinned and f"{site.town.origin}/ipfs/".encode() not in pinned


def test_token_links_use_the_origin_whatever_the_host_header_says(site: Site) -> None:
    plain = site.server.get(site.town.path(0))
    evil = site.server.get(
        site.town.path(0), host="evil.example", x_forwarded_host="evil.example", x_forwarded_proto="https"
    )
    assert evil.content == plain.content and evil.headers["etag"] == plain.headers["etag"]
    for field in ("image", "animation_url", "external_url"):
        assert plain.json()[field].startswith(site.town.origin + "/")
    for path in (site.town.path(), site.town.path(0, "/history"), site.town.path(0, "/diagnose")):
        assert b"evil.example" not in site.server.get(path, host="evil.example").content


def test_token_answers_the_same_bytes_every_time(site: Site) -> None:
    answers = [site.server.get(site.town.path(2)) for _ in range(5)]
    assert len({answer.content for answer in answers}) == 1
    assert len({answer.headers["last-modified"] for answer in answers}) == 1


def test_token_last_modified_is_the_time_of_its_snapshot(site: Site) -> None:
    from email.utils import parsedate_to_datetime

    stored = head(site.world, site.town, 2).created_at
    answer = site.server.get(site.town.path(2))
    assert parsedate_to_datetime(answer.headers["last-modified"]).timestamp() == stored


@pytest.mark.parametrize("rest", ["", "/v/1", *SECONDARY])
def test_head_has_the_headers_of_get(site: Site, rest: str) -> None:
    path = site.town.path(0, rest)
    for coding in ("identity", "gzip", "br"):
        get, head_answer = (
            site.server.get(path, accept_encoding=coding),
            site.server.head(path, accept_encoding=coding),
        )
        assert head_answer.status_code == get.status_code == 200
        assert head_answer.content == b""
        assert _steady(head_answer) == _steady(get)
        assert "content-length" in get.headers


@pytest.mark.parametrize("path", ["/{chain}/{contract}", "/{chain}/{contract}/5", "/{chain}/{contract}/01", "/nowhere"])
def test_head_of_documents_and_refusals_has_the_headers_of_get(site: Site, path: str) -> None:
    path = path.format(chain=site.town.chain_id, contract=site.town.contract)
    get, head_answer = site.server.get(path), site.server.head(path)
    assert head_answer.status_code == get.status_code and head_answer.content == b""
    assert _steady(head_answer) == _steady(get)


def _steady(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


# --- ids


@pytest.mark.parametrize("spelling", ["2", "0x2", "0x02", "0x" + "0" * 63 + "2", "0" * 63 + "2", "2.json", "0x2.json"])
def test_token_id_in_an_accepted_spelling_names_the_same_token(site: Site, spelling: str) -> None:
    canonical = site.server.get(site.town.path(2))
    answer = site.server.get(site.town.path(spelling))
    assert answer.status_code == 200 and answer.content == canonical.content
    assert answer.headers["etag"] == canonical.headers["etag"]


@pytest.mark.parametrize(
    "spelling",
    ["01", "00", "+1", "-1", "1.0", "1_0", "%201", "1%20", "1e1", "0X1", "0x", "0xg", "x1", "one", "%31%00", "٣",
     "１", "1,2", "0x" + "1" * 65, "1" * 79, str(MAX_ID + 1), "a" * 63, "0b1", ".json", "1.json.json", "1.JSON", "{id}",
     "null", "NaN"],
)  # fmt: skip
def test_token_id_malformed_answers_400(site: Site, spelling: str) -> None:
    expect_problem(site.server.get(site.town.path(spelling)), 400, "malformed-token-id", "max-age=300")
    expect_problem(site.server.get(site.town.path(spelling, "/beauvoir")), 400, "malformed-token-id", "max-age=300")


@pytest.mark.parametrize("spelling", [str(MAX_ID), hex(MAX_ID), "f" * 64, "1" * 64, "6"])
def test_token_id_beyond_the_supply_answers_404_for_half_a_minute(site: Site, spelling: str) -> None:
    expect_problem(site.server.get(site.town.path(spelling)), 404, "not-found", "max-age=30")


def test_token_id_of_64_digits_without_leading_zero_is_decimal(site: Site) -> None:
    assert "ids of this collection end" in site.server.get(site.town.path("1" * 64)).json()["detail"]


@pytest.mark.parametrize("spelling", ["{0}", "upper", "checksum"])
def test_contract_in_any_case_names_the_same_collection(site: Site, spelling: str) -> None:
    bare = site.town.contract[2:]
    written = {"upper": "0x" + bare.upper(), "checksum": site.town.agent(0).contract}.get(spelling, site.town.contract)
    answer = site.server.get(f"/{site.town.chain_id}/{written}/0")
    assert answer.status_code == 200
    assert answer.content == site.server.get(site.town.path(0)).content


@pytest.mark.parametrize(
    "path",
    ["/031337/{contract}/0", "/x1/{contract}/0", "/-1/{contract}/0", "/31337/0x12/0", "/31337/{bare}/0",
     "/31337/{contract}0/0", "/31337/0xzz{bare}/0", "/99999999999999999999/{contract}/0"],
)  # fmt: skip
def test_chain_or_contract_malformed_answers_400(site: Site, path: str) -> None:
    path = path.format(contract=site.town.contract, bare=site.town.contract[2:])
    expect_problem(site.server.get(path), 400, "invalid", "max-age=300")


# --- states of life


@pytest.mark.parametrize("rest", ["", *SECONDARY, "/v/1"])
@pytest.mark.parametrize("token_id", [3, 5])
def test_token_sealed_answers_404_that_nobody_keeps(site: Site, token_id: int, rest: str) -> None:
    expect_problem(site.server.get(site.town.path(token_id, rest)), 404, "sealed-token", "no-store")


def test_token_sealed_answers_alike_whether_born_or_not(site: Site) -> None:
    born_answer, unborn = site.server.get(site.town.path(3)), site.server.get(site.town.path(5))
    assert born_answer.content == unborn.content and _steady(born_answer) == _steady(unborn)


@pytest.mark.parametrize("rest", ["", *SECONDARY, "/v/1"])
def test_token_burned_answers_410(site: Site, rest: str) -> None:
    expect_problem(site.server.get(site.town.path(4, rest)), 410, "burned", "max-age=300")


@pytest.mark.parametrize("rest", ["", "/0", "/0/v/1", "/0/beauvoir", "/0/history"])
def test_collection_unknown_answers_404_for_half_a_minute(site: Site, rest: str) -> None:
    nobody = "0x" + "11" * 20
    expect_problem(site.server.get(f"/31337/{nobody}{rest}"), 404, "unknown-collection", "max-age=30")
    expect_problem(site.server.get(f"/1/{site.town.contract}{rest}"), 404, "unknown-collection", "max-age=30")


# --- versions


def test_version_is_immutable_and_equals_the_live_document_while_it_is_the_head(site: Site) -> None:
    live, version = site.server.get(site.town.path(2)), site.server.get(site.town.path(2, "/v/3"))
    assert cache_control(version) == {"public", "max-age=31536000", "immutable"}
    assert version.content == live.content and version.headers["etag"] == live.headers["etag"]


def test_version_numbers_name_different_documents(site: Site) -> None:
    documents = [site.server.get(site.town.path(2, f"/v/{n}")).json() for n in (1, 2, 3)]
    assert [document["beauvoir"]["snapshot"] for document in documents] == [1, 2, 3]
    assert len({json.dumps(document) for document in documents}) == 3


def test_version_not_yet_shown_answers_404(site: Site) -> None:
    expect_problem(site.server.get(site.town.path(2, "/v/4")), 404, "not-found", "max-age=30")


@pytest.mark.parametrize("n", ["0", "01", "-1", "x", "1.0", "1" * 10, "+1", "1%20", "1.json"])
def test_version_malformed_answers_400(site: Site, n: str) -> None:
    expect_problem(site.server.get(site.town.path(2, f"/v/{n}")), 400, "invalid", "max-age=300")


# --- the other documents


def test_history_lists_shown_snapshots_newest_first_with_working_links(site: Site) -> None:
    body = site.server.get(site.town.path(2, "/history")).json()
    assert [entry["snapshot"] for entry in body["snapshots"]] == [3, 2, 1]
    for entry in body["snapshots"]:
        assert entry["url"].startswith(site.town.origin)
        version = site.server.get(entry["url"].removeprefix(site.town.origin))
        canonical = canonical_from_hosted(version.content, site.town.origin)
        assert hashlib.sha256(canonical).hexdigest() == entry["sha256"]


def test_beauvoir_is_markdown_with_the_hash_the_document_names(site: Site) -> None:
    promised = site.server.get(site.town.path(0)).json()["beauvoir"]
    answer = site.server.get(site.town.path(0, "/beauvoir"))
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert hashlib.sha256(answer.content).hexdigest() == promised["sha256"]
    assert parse_cid(promised["cid"]).digest == hashlib.sha256(answer.content).digest()
    assert b"## " in answer.content


def test_beauvoir_summary_agrees_with_the_document(site: Site) -> None:
    document = site.server.get(site.town.path(0)).json()
    summary = site.server.get(site.town.path(0, "/beauvoir.json")).json()
    traits = {each["trait_type"]: each["value"] for each in document["attributes"]}
    assert summary["name"] == document["name"] and summary["nftId"] == str(site.town.agent(0))
    assert {dial["name"]: dial["word"] for dial in summary["dials"]} == {dial: traits[dial] for dial in DIALS}
    assert summary["sha256"] == document["beauvoir"]["sha256"]
    assert all(traits[name] == value for name, value in summary["signals"].items())


def test_beauvoir_summary_has_the_shape_agent_front_ends_read(site: Site) -> None:
    summary = site.server.get(site.town.path(0, "/beauvoir.json")).json()
    assert all(isinstance(summary[name], str) for name in ("nftId", "name", "version", "lastEvolved"))
    assert all(isinstance(each, str) for name in ("traits", "antiNarration") for each in summary[name])
    assert len(summary["traits"]) >= 5
    assert len(summary["antiNarration"]) >= 2
    assert list(summary["damp96Summary"]) == [dial.lower() for dial in DIALS]
    assert all(0 <= value <= 1 for value in summary["damp96Summary"].values())
    assert summary["version"] == "1.1.0"
    assert datetime.fromisoformat(summary["lastEvolved"]).tzinfo is not None
    text = site.server.get(site.town.path(0, "/beauvoir")).text
    assert all(f"\n- {line}\n" in text for line in summary["antiNarration"])


@pytest.mark.parametrize("form", ["eip155:{chain}/erc721:{contract}/{id}", "eip155:{chain}/{contract}/{id}"])
def test_identity_answers_the_same_summary_by_agent_id(site: Site, form: str) -> None:
    here = site.server.get(site.town.path(0, "/beauvoir.json"))
    for contract in (site.town.contract, site.town.agent(0).contract):
        named = form.format(chain=site.town.chain_id, contract=contract, id=0)
        for spelling in (named, named.replace("/", "%2F").replace(":", "%3A")):
            answer = site.server.get(f"/api/identity/{spelling}/beauvoir")
            assert answer.status_code == 200, spelling
            assert answer.content == here.content
            assert answer.headers["etag"] == here.headers["etag"]
            etag = answer.headers["etag"]
            assert site.server.get(f"/api/identity/{spelling}/beauvoir", if_none_match=etag).status_code == 304


def test_identity_of_nobody_is_a_problem(site: Site) -> None:
    place = f"eip155:{site.town.chain_id}/{site.town.contract}"
    for path, status in ((f"{place}/3", 404), (f"{place}/4", 410), (f"{place}/x", 400), ("oracle", 400)):
        answer = site.server.get(f"/api/identity/{path}/beauvoir")
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"


def test_diagnose_answers_the_stored_verdicts(site: Site) -> None:
    report = site.server.get(site.town.path(0, "/diagnose")).json()
    assert canonical_json(report) == brotli.decompress(head(site.world, site.town, 0).diagnosis)
    assert not report["counts"]["fail"] if "counts" in report else report


def test_contract_document_shows_the_first_released_token(site: Site) -> None:
    answer = site.server.get(site.town.path())
    document = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert document["name"] and document["symbol"] == "AGENT" and document["description"]
    assert document["image"] == site.server.get(site.town.path(0)).json()["image"]
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'


def test_contract_document_before_any_release_is_whole_and_names_no_picture(site: Site) -> None:
    answer = site.server.get(site.quiet.path())
    document = answer.json()
    assert answer.status_code == 200
    assert document["name"] == "Quiet Town" and document["description"]
    assert "image" not in document and "None" not in answer.text


def test_collections_lists_what_is_served(site: Site) -> None:
    answer = site.server.get("/v1/collections")
    listed = {each["contract"]: each for each in answer.json()["collections"]}
    mine = listed[site.town.agent(0).contract]
    assert (mine["chainId"], mine["supply"], mine["kind"], mine["mode"]) == (31337, 6, "open", "hosted")
    assert mine["minted"] == 0 and mine["lastCommit"] == 0
    assert len(listed) == 2


# --- methods, queries, slashes


@pytest.mark.parametrize("rest", ["", "/v/1", "/beauvoir", "/history"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_method_other_answers_405_with_allow(site: Site, method: str, rest: str) -> None:
    answer = site.server.request(method, site.town.path(0, rest))
    expect_problem(answer, 405, "method-not-allowed", "no-store")
    assert {"GET", "HEAD"} <= set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("rest", ["", "/v/1", "/beauvoir", "/history", "/diagnose"])
def test_options_is_a_cors_preflight(site: Site, rest: str) -> None:
    answer = site.server.request(
        "OPTIONS",
        site.town.path(0, rest),
        origin="https://wallet.example",
        access_control_request_method="GET",
        access_control_request_headers="x-wallet, if-none-match",
    )
    assert answer.status_code == 204 and answer.content == b""
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"GET", "HEAD"} <= set(answer.headers["access-control-allow-methods"].split(", "))
    assert answer.headers["access-control-allow-headers"] == "x-wallet, if-none-match"
    assert int(answer.headers["access-control-max-age"]) > 0


@pytest.mark.parametrize("rest", ["", "/v/1", "/history"])
@pytest.mark.parametrize("query", ["?v=1700000000", "?", "?&v=2", "?x=%00&y=" + "a" * 500, "?format=raw"])
def test_query_unknown_is_ignored(site: Site, rest: str, query: str) -> None:
    plain = site.server.get(site.town.path(0, rest))
    answer = site.server.get(site.town.path(0, rest) + query)
    assert answer.status_code == 200 and answer.content == plain.content


@pytest.mark.parametrize(
    "path", ["{town}/", "{town}/0/", "/{town}/0", "{town}//0", "{town}/0/history/", "{town}/0/v/1/"]
)
def test_path_with_odd_slashes_is_never_redirected(site: Site, path: str) -> None:
    answer = site.server.get(path.format(town=site.town.path()))
    assert answer.status_code in (400, 404) and "location" not in answer.headers
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/nowhere", "/1", "/x/y/z", "/favicon.ico", "/.env", "/wp-login.php"])
def test_path_unknown_answers_404_problem(site: Site, path: str) -> None:
    expect_problem(site.server.get(path), 404, "not-found", "max-age=30")


def test_path_unknown_in_the_api_answers_404_problem_that_nobody_keeps(site: Site) -> None:
    expect_problem(site.server.get("/v1/nothing"), 404, "not-found", "no-store")
