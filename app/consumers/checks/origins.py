"""Checks of URLs and of what browsers demand of another origin."""

import ipaddress
from urllib.parse import urlsplit

from app.consumers.checks.answers import explained, missing
from app.consumers.observation import Observation, Target
from app.consumers.registry import Finding, check, failed, judged, passed, shown, skipped


@check("any-origin")
def any_origin(observation: Observation, *, target: Target) -> Finding:
    """Access-Control-Allow-Origin is `*`, without credentials (Fetch standard)."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    value = answer.header("access-control-allow-origin")
    if answer.header("access-control-allow-credentials").lower() == "true":
        return failed("Access-Control-Allow-Credentials: true voids the wildcard")
    return judged(value == "*", f"Access-Control-Allow-Origin: {shown(value) or '–'}")


@check("preflight")
def preflight(observation: Observation) -> Finding:
    """OPTIONS with Origin is allowed: 2xx, any origin, GET not excluded (Fetch standard)."""
    answer = observation.preflight
    if answer is None:
        return skipped("not asked")
    if not 200 <= answer.status < 300 or answer.redirects:
        return failed(f"OPTIONS: {explained(answer)}")
    methods = {word.strip().upper() for word in answer.header("access-control-allow-methods").split(",")} - {""}
    if answer.header("access-control-allow-origin") != "*":
        origin = shown(answer.header("access-control-allow-origin"))
        return failed(f"OPTIONS {answer.status}, Access-Control-Allow-Origin: {origin or '–'}")
    # GET is safelisted: only a list that names other methods and not GET would look like a mistake.
    return judged(not methods or bool({"GET", "*"} & methods), f"OPTIONS {answer.status}, {shown(sorted(methods))}")


@check("embeddable")
def embeddable(observation: Observation, *, target: Target) -> Finding:
    """Cross-Origin-Resource-Policy is absent or `cross-origin` (Fetch standard)."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    value = answer.header("cross-origin-resource-policy").lower()
    return judged(value in {"", "cross-origin"}, f"Cross-Origin-Resource-Policy: {shown(value) or '–'}")


@check("framable")
def framable(observation: Observation, *, target: Target) -> Finding:
    """A page may be shown in an iframe of any site: no X-Frame-Options, no narrower frame-ancestors."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    if answer.header("x-frame-options"):
        return failed(f"X-Frame-Options: {shown(answer.header('x-frame-options'))}")
    for directive in answer.header("content-security-policy").replace(",", ";").split(";"):
        words = directive.split()
        if words and words[0].lower() == "frame-ancestors" and "*" not in words[1:]:
            return failed(shown(directive.strip()))
    return passed("nothing forbids an iframe")


@check("absolute-url")
def absolute_url(observation: Observation, *, key: str, schemes: tuple[str, ...]) -> Finding:
    """The document's `key`, where it is given, is an absolute URL of one of these schemes."""
    if observation.document is None:
        return skipped("no document was read")
    value = observation.document.get(key)
    if value is None:
        return skipped(f"no {key}")
    if not isinstance(value, str):
        return failed(f"{key} is a {type(value).__name__}")
    try:
        parts = urlsplit(value)
        complete = parts.scheme in schemes and bool(parts.netloc) and value == value.strip()
    except ValueError:
        complete = False
    return judged(complete, f"{key}: {shown(value) or 'empty'}")


@check("public-host")
def public_host(observation: Observation, *, targets: tuple[Target, ...]) -> Finding:
    """http(s) URLs name a host by a public name and use https."""
    urls = [observation.url if target == "json" else _reference(observation, target) for target in targets]
    for url in urls:
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            return failed(f"not a URL: {shown(url)}")
        if parts.scheme not in {"http", "https"}:
            continue
        if parts.scheme == "http":
            return failed(f"not https: {shown(url)}")
        if _is_address(host) or "." not in host or host.rsplit(".", 1)[-1] in {"local", "localhost", "internal"}:
            return failed(f"not a public name: {shown(host)}")
    return passed("https with a public name")


def _reference(observation: Observation, target: Target) -> str:
    media = observation.media(target)
    return media.url if media else ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@check("path-ends")
def path_ends(observation: Observation, *, target: Target, suffixes: tuple[str, ...]) -> Finding:
    """The path of the media's URL ends in one of these."""
    media = observation.media(target)
    if media is None:
        return missing(observation, target)
    try:
        path = urlsplit(media.reference).path
    except ValueError:
        return failed(f"not a URL: {shown(media.reference)}")
    return judged(path.lower().endswith(suffixes), f"path: {shown(path) or '–'}")


@check("path-contains")
def path_contains(observation: Observation, *, target: Target, texts: tuple[str, ...]) -> Finding:
    """The media's URL contains one of these."""
    media = observation.media(target)
    if media is None:
        return missing(observation, target)
    return judged(any(text in media.reference.lower() for text in texts), shown(media.reference))


@check("ignores-query")
def ignores_query(observation: Observation, *, target: Target) -> Finding:
    """The same thing is served when a query parameter is added to its URL, and its URL has none of its own."""
    media, got = observation.media(target), observation.answer(target)
    if media is None or got is None or media.busted is None:
        return missing(observation, target) if got is None else skipped(explained(got))
    if urlsplit(media.url).query:
        return failed(f"the URL has a query of its own: {shown(media.url)}")
    changed = [
        name
        for name in ("content-type", "etag", "content-length")
        if media.busted.header(name)
        and got.header(name)
        and media.busted.header(name) != got.header(name)
        # A length may be that of another content coding.
        and (name != "content-length" or media.busted.header("content-encoding") == got.header("content-encoding"))
    ]
    # HEAD may be refused by itself: that is another rule's finding.
    if media.head is not None and media.head.status != 200:
        return skipped(f"HEAD: {explained(media.head)}")
    if media.busted.status != got.status:
        return failed(f"with ?v=…: {explained(media.busted)}")
    return judged(not changed, f"with ?v=…: another {', '.join(changed)}" if changed else "the same with ?v=…")
