"""For every rule an observation that breaks it and, where the usual token says nothing of it, one that keeps it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.consumers.observation import Observation
from app.consumers.rules import consumers
from tests.consumers.samples import (
    ORIGIN,
    PAGE,
    PNG,
    SVG,
    TOKEN,
    busted,
    document,
    got,
    headed,
    mibera,
    not_found,
    png,
    ranged,
    seen,
    seen_contract,
    sibling,
    with_traits,
)

Build = Callable[[], Observation]


def said(**changes: Any) -> Build:
    return lambda: seen(document(**changes))


def traited(*traits: dict[str, Any]) -> Build:
    return lambda: seen(with_traits(*traits))


def born(**changes: Any) -> Build:
    return lambda: seen(mibera(**changes))


def collected(**changes: Any) -> Build:
    return lambda: seen_contract(**changes)


def drawn(svg: bytes, kind: str = "image/svg+xml") -> Build:
    return lambda: seen(document(image=f"{ORIGIN}/image.svg"), image=svg, image_type=kind)


def json_answer(**changes: Any) -> Build:
    return lambda: got(seen(), **changes)


def image_answer(**changes: Any) -> Build:
    return lambda: got(seen(), "image", **changes)


def image_head(**changes: Any) -> Build:
    return lambda: headed(seen(), "image", **changes)


def video() -> Observation:
    place = f"{ORIGIN}/life.mp4"
    return seen(document(animation_url=place), animation=b"\x00\x00\x00\x18ftypmp42" * 200, animation_type="video/mp4")


def in_mibera(change: Callable[[Observation], Observation]) -> Build:
    return lambda: change(seen(mibera()))


def from_ipfs() -> Observation:
    place = "ipfs://bafkreidocument"
    content = b'{"name":"a","description":"b","image":"https://agents.example.org/a.png"}'
    return seen(url=place, body=content)


ERROR_200 = json_answer(body=b'{"message": "token not found"}')
HTML_PAGE = {"headers": {"content-type": "text/html"}, "body": b"<!doctype html>"}
TO_HTTP = {
    "redirects": (TOKEN + "/",),
    "url": TOKEN.replace("https:", "http:"),
}
MILLISECONDS = {"trait_type": "Born", "display_type": "date", "value": 1_790_000_000_000}
SECONDS = {"trait_type": "Born", "display_type": "date", "value": 1_790_000_000}
NESTED = {"trait_type": "Records", "value": {"a": 1}}

GOOD: dict[str, Build] = {
    "erc-7572." + slug: collected()
    for slug in ("readable", "content-type", "name", "texts", "images", "external-link", "collaborators")
} | {
    "moralis.resync": from_ipfs,
    "opensea.image-dimensions": lambda: seen(image=png(3000, 3000)),
    "opensea.max-value": traited({"trait_type": "Power", "value": 100, "max_value": 100}),
    "opensea.dates": traited(SECONDS),
    "rainbow.dates": traited(SECONDS),
    "opensea.svg-self-contained": drawn(SVG),
    "ens-avatar.svg-elements": drawn(SVG),
    "ens-avatar.svg-self-contained": drawn(SVG),
    "browsers.video-range": video,
    **{rule.id: born() for consumer in consumers() if consumer.slug == "loa-finn" for rule in consumer.rules},
}
"""Rules not listed are kept by the usual token."""

BAD: dict[str, Build] = {
    **{f"{consumer.slug}.readable": not_found for consumer in consumers()},
    # A1–A3: type, size, time, redirects
    "safe.content-type": json_answer(headers={"content-type": "application/ld+json, application/json"}),
    "indexers.json-type": json_answer(headers={"content-type": "text/plain"}),
    "erc-7572.content-type": lambda: got(seen_contract(), headers={"content-type": "text/plain"}),
    "safe.body-size": said(description="x" * 209_715),
    "freighter.body-size": said(description="x" * 1_000_001),
    "hiro.body-size": said(description="x" * 1_000_001),
    "indexers.target-size": said(description="x" * 16_384),
    "reservoir.member-size": said(description="x" * 1_000_001),
    "safe.time": json_answer(elapsed_ms=10_000),
    "freighter.time": json_answer(elapsed_ms=5_000),
    "zora.time": json_answer(elapsed_ms=40_000),
    "blockscout.time": json_answer(elapsed_ms=30_000),
    "hiro.time": json_answer(elapsed_ms=30_000),
    "indexers.time": json_answer(elapsed_ms=2_000),
    "loa-finn.time": in_mibera(lambda usual: got(usual, elapsed_ms=10_000)),
    "freighter.no-downgrade": json_answer(**TO_HTTP),
    "freighter.image-no-downgrade": image_answer(**TO_HTTP),
    "indexers.no-redirect": json_answer(redirects=(TOKEN + "/",)),
    "indexers.image-no-redirect": image_head(redirects=(TOKEN,)),
    # A4–A8: status, error bodies, first fetch, ids
    "reservoir.retried-status": json_answer(status=503),
    "blockscout.status": json_answer(status=203),
    "alchemy.status": json_answer(status=203),
    "hiro.retry-after": json_answer(status=429),
    "safe.no-error-body": ERROR_200,
    "reservoir.no-error-body": ERROR_200,
    "reservoir.absent-token": lambda: sibling(seen(), "absent", status=200),
    "reservoir.hex-id": lambda: sibling(seen(), "hex", status=404),
    "reservoir.padded-id": lambda: sibling(seen(), "padded", body=b"{}"),
    "indexers.leading-zero": lambda: sibling(seen(), "leading-zero", status=200),
    "safe.first-fetch": image_answer(status=404),
    "metamask.first-fetch": image_answer(status=404),
    "opensea.image-live": image_answer(status=404),
    "indexers.image-fetched": said(image="ipfs://bafkreimedia/image.png"),
    "metamask.complete": said(description=...),
    "blockscout.no-id-template": said(description="Token {id} of many"),
    # B9–B13: the document
    "erc-721.texts": said(name=7),
    "opensea.texts": said(name=" "),
    "erc-8004.texts": said(image=...),
    "erc-721.image": said(image="/image.png"),
    "opensea.image-absolute": said(image="image.png"),
    "reservoir.image-absolute": said(image="/image.png"),
    "reservoir.image-not-data": said(image="data:image/png;base64,AA=="),
    "metamask.one-image-key": said(image_url="https://elsewhere.example/a.png"),
    "zora.no-properties": said(properties={"files": []}),
    "zora.no-image-data": said(image_data="<svg/>"),
    "zora.traits-list": said(attributes={"Warmth": "tender"}),
    "reservoir.traits-list": said(attributes=...),
    "opensea.traits-list": said(attributes=[["Warmth", "tender"]]),
    "opensea.traits-at-most": traited(*({"trait_type": f"T{n}", "value": n} for n in range(48))),
    "opensea.trait-scalars": traited(NESTED),
    "reservoir.trait-scalars": traited({"trait_type": "Kind", "value": True}),
    "opensea.display-types": traited({"trait_type": "Mood", "display_type": "ranking", "value": 3}),
    "opensea.dates": traited(MILLISECONDS),
    "rainbow.dates": traited(MILLISECONDS),
    "opensea.max-value": traited({"trait_type": "Power", "value": 101, "max_value": 100}),
    "hiro.no-falsy-traits": traited({"trait_type": "Level of doubt", "value": 0}),
    "loa-finn.uri": in_mibera(lambda usual: _at(usual, "data:application/json;utf8,{}")),
    "loa-finn.required-traits": born(Swag_Rank=...),
    "loa-finn.unique-traits": lambda: seen(
        mibera() | {"attributes": [*mibera()["attributes"], {"trait_type": "ERA", "value": "modern"}]}
    ),
    "loa-finn.zodiac-case": born(Sun_Sign="Gemini"),
    "loa-finn.swag-rank": born(Swag_Rank="Z"),
    "loa-finn.swag-score": born(Swag_Score="101"),
    "loa-finn.birthday-text": born(Birthday=1_790_000_000),
    "loa-finn.era": born(Era=...),
    "opensea.background-color": said(background_color="#1b1f2a"),
    "opensea.external-url": said(external_url="agents.example.org"),
    "metamask.external-url": said(external_url="javascript:alert(1)"),
    "opensea.animation-url": said(animation_url="/animation.html"),
    "opensea.animation-type": lambda: seen(animation_type="application/pdf"),
    "opensea.animation-size": lambda: got(seen(), "animation", headers={"content-length": "300000001"}),
    "opensea.image-size": image_answer(headers={"content-length": "300000001"}),
    "opensea.image-size-preferred": image_answer(headers={"content-length": "200000001"}),
    "opensea.image-dimensions": lambda: seen(),
    "browsers.animation-framable": lambda: got(seen(), "animation", headers={"x-frame-options": "DENY"}),
    "erc-7572.name": collected(name=...),
    "erc-7572.texts": collected(description=None),
    "erc-7572.images": collected(banner_image="/banner.png"),
    "erc-7572.external-link": collected(external_link="agents"),
    "erc-7572.collaborators": collected(collaborators=["alice.eth"]),
    "erc-721.image-type": image_answer(headers={"content-type": "application/octet-stream"}),
    "erc-8004.type": said(type="Agent"),
    "erc-8004.services": said(services=[{"name": "web"}]),
    "erc-8004.not-endpoints": said(endpoints=[]),
    "erc-8004.flags": said(active="yes"),
    "erc-8004.registrations": said(registrations=[{"agentId": "7", "agentRegistry": "eip155:1:0xaa"}]),
    # C14–C18: images, browsers
    "reservoir.image-head": image_head(status=405),
    "zora.image-head": image_head(headers={"content-type": None}),
    "ens-avatar.image-head": image_head(headers={"content-length": "1"}),
    "reservoir.image-type": image_answer(headers={"content-type": "image/x-icon"}),
    "ens-avatar.image-type": drawn(SVG, "image/svg+xml; charset=utf-8"),
    "reservoir.image-size": image_head(headers={"content-length": "300000001"}),
    "reservoir.image-range": lambda: ranged(seen(), "image", status=200),
    "browsers.image-range": lambda: ranged(seen(), "image", body=PNG),
    "browsers.video-range": lambda: ranged(video(), "animation", status=200),
    "reservoir.image-path": said(image=f"{ORIGIN}/image"),
    "zora.image-path": said(image=f"{ORIGIN}/image"),
    "reservoir.image-query": lambda: busted(seen(), "image", status=404),
    "reservoir.image-not-gif": lambda: seen(image=b"GIF89a", image_type="image/gif"),
    "indexers.image-signature": lambda: seen(image=PAGE + PNG, image_type="image/png"),
    "opensea.image-raster": drawn(SVG),
    "opensea.svg-self-contained": drawn(b'<svg><image x="1" xlink:href="https://elsewhere.example/a.png"/></svg>'),
    "ens-avatar.svg-self-contained": drawn(b"<svg><image href='/a.png'/></svg>"),
    "ens-avatar.svg-elements": drawn(b'<svg><g><svg:use href="#a"/></g></svg>'),
    "browsers.json-cors": json_answer(headers={"access-control-allow-origin": None}),
    "browsers.image-cors": image_answer(headers={"access-control-allow-origin": "https://wallet.example"}),
    "browsers.preflight": lambda: _asked(seen(), 405),
    "browsers.image-embeddable": image_answer(headers={"cross-origin-resource-policy": "same-origin"}),
    "metamask.public-host": lambda: seen(url="http://127.0.0.1:8000/1/0xaa/7"),
    "metamask.not-challenged": json_answer(**HTML_PAGE),
    "metamask.image-not-challenged": image_answer(status=403, headers={"cf-mitigated": "challenge"}),
    # D: refresh; HTTP
    "alchemy.revalidates": lambda: _revalidated(seen(), 200),
    "moralis.resync": lambda: seen(),
    "caches.strong-etag": json_answer(headers={"etag": 'W/"abc"'}),
    "caches.revalidates": lambda: _revalidated(seen(), 200),
    "caches.last-modified": json_answer(headers={"last-modified": None}),
    "caches.lifetime": json_answer(headers={"cache-control": "max-age=86400"}),
    "caches.image-lifetime": image_answer(headers={"cache-control": "no-store"}),
    "caches.short-errors": lambda: sibling(seen(), "absent", headers={"cache-control": "public, max-age=3600"}),
    "caches.no-cookies": json_answer(headers={"set-cookie": "a=b"}),
    "caches.json-vary": json_answer(headers={"vary": "Accept-Encoding, Origin"}),
    "caches.image-vary": image_answer(headers={"vary": "Accept"}),
    "caches.json-head": lambda: headed(seen(), status=405),
}


def _at(observation: Observation, url: str) -> Observation:
    return replace(observation, url=url)


def _asked(observation: Observation, status: int) -> Observation:
    assert observation.preflight is not None
    return replace(observation, preflight=replace(observation.preflight, status=status))


def _revalidated(observation: Observation, status: int) -> Observation:
    assert observation.revalidated is not None
    return replace(observation, revalidated=replace(observation.revalidated, status=status))
