"""Finer points of single checks: boundaries, what does not apply, hostile input."""

import struct
from time import perf_counter
from typing import Any

import pytest

from app.consumers.checks.answers import known_size
from app.consumers.checks.images import dimensions, sniffed, without_comments
from app.consumers.observation import HttpAnswer, Observation
from app.consumers.registry import CHECKS, Finding, shown
from tests.consumers.samples import ORIGIN, SVG, document, got, headed, mibera, png, ranged, seen, with_traits


def run(name: str, observation: Observation, /, **parameters: Any) -> Finding:
    return CHECKS[name](observation, **parameters)


@pytest.mark.parametrize(
    ("value", "ok"),
    [
        (0, True),
        (1_790_000_000, True),
        (-5, True),
        (99_999_999_999, True),
        (100_000_000_000, False),
        ("2026", False),
        (1.5, False),
        (True, False),
        (None, False),
    ],
)
def test_trait_dates_value_is_whole_seconds(value: object, ok: bool) -> None:
    observation = seen(with_traits({"trait_type": "Born", "display_type": "date", "value": value}))
    assert run("trait-dates", observation).ok is ok


@pytest.mark.parametrize(
    ("value", "most", "ok"),
    [(5, 5, True), (4.5, 5, True), (6, 5, False), ("6", 5, False), (1, "9", False), (1, None, False)],
)
def test_max_value_number_above_or_no_number_fails(value: object, most: object, ok: bool) -> None:
    observation = seen(with_traits({"trait_type": "Power", "value": value, "max_value": most}))
    assert run("max-value", observation).ok is ok


@pytest.mark.parametrize("count", [49, 50, 51])
def test_traits_at_most_fifty_is_the_last_good_number(count: int) -> None:
    traits = [{"trait_type": f"T{n}", "value": n} for n in range(count)]
    assert run("traits-at-most", seen(document(attributes=traits)), most=50).ok is (count <= 50)


@pytest.mark.parametrize(
    "attributes", [None, {}, "x", [None], [[]], [{"value": 1}], [{"trait_type": 1, "value": 1}], [{"trait_type": "x"}]]
)
def test_traits_list_anything_else_fails(attributes: object) -> None:
    assert run("traits-list", seen(document(attributes=attributes))).ok is False


@pytest.mark.parametrize("attributes", [None, {}, "x", [None, 3, [], {}], [{"trait_type": None, "value": {}}]])
def test_trait_checks_hostile_attributes_never_raise(attributes: object) -> None:
    observation = seen(document(attributes=attributes))
    parameters: dict[str, dict[str, Any]] = {
        "traits-at-most": {"most": 5},
        "display-types": {"types": ("date",)},
        "trait-required": {"names": (("a",),)},
        "trait-values": {"names": ("a",), "allowed": ("b",)},
        "trait-between": {"name": "a", "least": 0, "most": 1},
        "trait-text": {"name": "a"},
    }
    for name in CHECKS:
        if name.startswith("trait") or name in {"display-types", "max-value"}:
            assert isinstance(run(name, observation, **parameters.get(name, {})), Finding)


def test_size_exact_limit_passes_and_one_more_fails() -> None:
    observation = seen(body=b"{" + b" " * 98 + b"}")
    assert run("size", observation, target="json", most=100).ok is True
    assert run("size", observation, target="json", most=99).ok is False


def test_size_small_body_with_large_announcement_fails() -> None:
    observation = headed(seen(), headers={"content-length": "209716"})
    assert run("size", observation, target="json", most=209_715).ok is False


def test_size_compressed_announcement_counts_decoded_bytes() -> None:
    observation = got(seen(), headers={"content-length": "20", "content-encoding": "gzip"}, body=b"{}" + b" " * 998)
    assert run("size", observation, target="json", most=999).ok is False


def test_size_cut_body_takes_the_announced_size() -> None:
    cut = got(seen(), "image", truncated=True, body=b"x", headers={"content-length": "9000"})
    assert run("size", cut, target="image", most=9000).ok is True
    assert run("size", cut, target="image", most=8999).ok is False


def test_size_cut_body_without_announcement_does_not_pass() -> None:
    unannounced = {"headers": {"content-length": None}}
    cut = got(seen(), "image", truncated=True, body=b"x" * 100, **unannounced)
    cut = ranged(headed(cut, "image", **unannounced), "image", status=200, truncated=True, **unannounced)
    assert run("size", cut, target="image", most=500).ok is None
    assert run("size", cut, target="image", most=99).ok is False


@pytest.mark.parametrize("length", ["", "x", "-1", "1" * 30, "٣"])
def test_known_size_absurd_length_is_ignored(length: str) -> None:
    answer = HttpAnswer("u", "GET", 200, {"content-length": length}, b"abc", 1)
    assert known_size(answer) == 3


@pytest.mark.parametrize(
    ("status", "ok"),
    [(200, True), (403, True), (404, True), (429, True), (504, True), (500, False), (503, False), (0, False)],
)
def test_retried_status_only_the_set_passes(status: int, ok: bool) -> None:
    observation = got(seen(), status=status)
    assert run("retried-status", observation, target="json", statuses=(403, 404, 429, 504)).ok is ok


def test_range_small_file_gives_all_of_it() -> None:
    observation = seen(image=png(1, 1))
    assert run("range", observation, target="image").ok is True


def test_no_downgrade_refused_hop_is_seen_in_location() -> None:
    observation = got(seen(), status=307, headers={"location": "http://agents.example.org/x/"})
    assert run("no-downgrade", observation, target="json").ok is False


@pytest.mark.parametrize(
    ("policy", "ok"),
    [
        ("sandbox allow-scripts", True),
        ("frame-ancestors *", True),
        ("frame-ancestors 'none'", False),
        ("default-src 'none'; Frame-Ancestors 'self'", False),
    ],
)
def test_framable_policy_decides(policy: str, ok: bool) -> None:
    observation = got(seen(), "animation", headers={"content-security-policy": policy})
    assert run("framable", observation, target="animation").ok is ok


@pytest.mark.parametrize(
    ("value", "ok"),
    [
        ("max-age=60", True),
        ("public, s-maxage=30, max-age=9999999", True),
        ("max-age=9999999", False),
        ("no-store", False),
        ("private, max-age=60", False),
        ("", False),
        ("x-max-age=60", False),
    ],
)
def test_lifetime_shared_cache_seconds_decide(value: str, ok: bool) -> None:
    observation = got(seen(), headers={"cache-control": value})
    assert run("lifetime", observation, target="json", least=1, most=3600).ok is ok


@pytest.mark.parametrize("value", ["", "#1b1f2a", "1b1f2", "1b1f2a0", "1b1f2g", 123456, "1b1f2a\n"])
def test_background_color_anything_but_six_digits_fails(value: object) -> None:
    assert run("background-color", seen(document(background_color=value))).ok is False


@pytest.mark.parametrize("value", ["Gemini", "GEMINI", "gemini ", "", 3])
def test_trait_values_zodiac_letter_for_letter(value: object) -> None:
    observation = seen(mibera(Sun_Sign=value))
    assert run("trait-values", observation, names=("sun sign",), allowed=("gemini",)).ok is False


def test_no_text_escaped_in_json_is_found() -> None:
    observation = seen(body=b'{"name": "a \\u007bid\\u007d"}')
    assert run("no-text", observation, text="{id}").ok is False


@pytest.mark.parametrize("url", ["http://[::1", "https://exa mple.org:port/x", "//host/x", "https:///x"])
def test_url_checks_malformed_references_never_raise(url: str) -> None:
    observation = seen(document(image=url, animation_url=url, external_url=url))
    assert run("media-absolute", observation, target="image").ok in {True, False}
    assert isinstance(run("path-ends", observation, target="image", suffixes=(".png",)), Finding)
    assert isinstance(run("media-types", observation, target="image", types=("a",), suffixes=("b",)), Finding)
    assert isinstance(run("absolute-url", observation, key="external_url", schemes=("https",)), Finding)
    assert isinstance(run("public-host", observation, targets=("json", "image")), Finding)


def test_not_an_error_body_without_name_or_image_fails() -> None:
    assert run("not-an-error", seen(body=b"{}")).ok is False
    assert run("not-an-error", seen(body=b"[]")).ok is False
    assert run("not-an-error", seen(body=b'{"name": "x", "status": "happy"}')).ok is True


JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x0b\x08" + struct.pack(">HH", 480, 640) + b"\x00" * 8


@pytest.mark.parametrize(
    ("body", "kind", "size"),
    [
        (png(3, 2), "image/png", (3, 2)),
        (b"GIF89a" + struct.pack("<HH", 7, 9), "image/gif", (7, 9)),
        (JPEG, "image/jpeg", (640, 480)),
        (JPEG[:10], "image/jpeg", None),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp", None),
        (b'<?xml version="1.0"?><!-- by hand --><svg/>', "image/svg+xml", None),
        (b"<!-- x --><svg>", "image/svg+xml", None),
        (b"<html>", "", None),
        (b"", "", None),
        (b"\x89PNG\r\n\x1a\n", "image/png", None),
    ],
)
def test_images_are_told_and_measured_by_their_bytes(body: bytes, kind: str, size: tuple[int, int] | None) -> None:
    assert (sniffed(body), dimensions(body)) == (kind, size)


def test_svg_elements_in_comments_do_not_count() -> None:
    svg = SVG.replace(b"</svg>", b"<!-- <script/> --></svg>")
    observation = seen(document(image=f"{ORIGIN}/a.svg"), image=svg, image_type="image/svg+xml")
    assert run("svg-elements", observation, removed=("script",)).ok is True


@pytest.mark.parametrize("piece", [b"<!--", b"<image ", b"<", b"< ", b"<image x='"])
def test_svg_checks_hostile_megabyte_takes_no_time(piece: bytes) -> None:
    svg = b"<svg>" + piece * (1_000_000 // len(piece))
    observation = seen(document(image=f"{ORIGIN}/a.svg"), image=svg, image_type="image/svg+xml")
    started = perf_counter()
    run("svg-elements", observation, removed=("script",))
    run("svg-self-contained", observation)
    assert perf_counter() - started < 2


def test_without_comments_keeps_the_rest() -> None:
    assert without_comments(b"a<!-- b -->c<!---->d<!-- e") == b"acd"


def test_shown_foreign_text_is_one_bounded_printable_line() -> None:
    assert shown("a\x1b[31m\nb") == "a\ufffd[31m\ufffdb"
    assert len(shown("x" * 10_000)) == 160
