"""Checks of validators and lifetimes: what lets caches ask cheaply and never keep an error (RFC 9110 and 9111)."""

import re

from app.consumers.checks.answers import explained, missing
from app.consumers.observation import HttpAnswer, Observation, Target
from app.consumers.registry import Finding, check, failed, judged, passed, shown, skipped

_LIFETIME = re.compile(r"(?:^|[\s,])(s-maxage|max-age)=\"?(\d{1,10})")


def lifetimes(answer: HttpAnswer) -> dict[str, int]:
    """Seconds of max-age and s-maxage in Cache-Control."""
    return {name: int(seconds) for name, seconds in _LIFETIME.findall(answer.header("cache-control").lower())}


@check("strong-etag")
def strong_etag(observation: Observation, *, target: Target) -> Finding:
    """GET carries a strong ETag (RFC 9110, section 8.8.3)."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    etag = answer.header("etag")
    return judged(etag.startswith('"') and etag.endswith('"') and len(etag) > 2, f"ETag: {shown(etag) or '–'}")


@check("revalidates")
def revalidates(observation: Observation) -> Finding:
    """GET with the ETag just seen is answered 304 without a body (RFC 9110, section 13.1.2)."""
    if observation.get.status != 200:
        return skipped(explained(observation.get))
    answer = observation.revalidated
    if answer is None:
        return failed("there is no ETag to ask with")
    return judged(answer.status == 304 and not answer.body, f"If-None-Match: {explained(answer)}")


@check("has-header")
def has_header(observation: Observation, *, target: Target, name: str) -> Finding:
    """GET carries this field."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    return judged(bool(answer.header(name)), f"{name}: {shown(answer.header(name)) or '–'}")


@check("no-header")
def no_header(observation: Observation, *, target: Target, name: str) -> Finding:
    """GET does not carry this field."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    return judged(name not in answer.headers, f"{name} is sent" if name in answer.headers else f"no {name}")


@check("varies-only")
def varies_only(observation: Observation, *, target: Target, names: tuple[str, ...]) -> Finding:
    """Vary names nothing but these fields."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    found = {name.strip().lower() for name in answer.header("vary").split(",")} - {""}
    return judged(found <= set(names), f"Vary: {shown(answer.header('vary')) or '–'}")


@check("lifetime")
def lifetime(observation: Observation, *, target: Target, least: int, most: int) -> Finding:
    """Cache-Control gives a shared cache between `least` and `most` seconds."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    if answer.status != 200:
        return skipped(explained(answer))
    value = answer.header("cache-control").lower()
    found = lifetimes(answer)
    seconds = found.get("s-maxage", found.get("max-age"))
    # no-cache with validators is a lifetime of nothing, asked again each time.
    if any(word in value for word in ("no-store", "no-cache", "private")) or seconds is None:
        seconds = 0 if value else None
    if seconds is None:
        return failed("no Cache-Control")
    return judged(least <= seconds <= most, f"Cache-Control: {shown(value)}")


@check("errors-short-lived")
def errors_short_lived(observation: Observation, *, most: int) -> Finding:
    """Error answers are stored by no cache for longer than `most` seconds."""
    errors = [answer for answer in [observation.get, *observation.siblings.values()] if answer.status >= 400]
    for answer in errors:
        longest = max(lifetimes(answer).values(), default=0)
        if longest > most and "no-store" not in answer.header("cache-control").lower():
            return failed(f"status {answer.status} with Cache-Control: {shown(answer.header('cache-control'))}")
    return passed(f"{len(errors)} error answers, none long-lived") if errors else skipped("no error answer was seen")
