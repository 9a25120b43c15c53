"""Checks of media by reference and type: what is fetched at all, and what players accept."""

from urllib.parse import urlsplit

from app.consumers.checks.answers import explained, media_type, missing
from app.consumers.observation import Observation, Target
from app.consumers.registry import Finding, check, failed, judged, shown, skipped


@check("media-absolute")
def media_absolute(observation: Observation, *, target: Target) -> Finding:
    """The reference is an absolute http(s) or ipfs URL."""
    media = observation.media(target)
    if media is None:
        return failed("none") if target == "image" else missing(observation, target)
    try:
        parts = urlsplit(media.reference)
        good = parts.scheme in {"http", "https", "ipfs"} and bool(parts.netloc)
    except ValueError:
        good = False
    # A data: URL is absolute too; whether it is read is another rule's matter.
    return judged(good or media.reference.startswith("data:"), shown(media.reference))


@check("media-not-data")
def media_not_data(observation: Observation, *, target: Target) -> Finding:
    """The reference is not a data: URL."""
    media = observation.media(target)
    if media is None:
        return missing(observation, target)
    return judged(not media.reference.lower().startswith("data:"), shown(media.reference, 60))


@check("media-fetched")
def media_fetched(observation: Observation, *, target: Target) -> Finding:
    """The media could be looked at."""
    media = observation.media(target)
    if media is None:
        return missing(observation, target)
    if media.get is None:
        return failed(f"not fetched: {media.skipped}")
    return judged(media.get.status == 200, explained(media.get))


@check("media-types")
def media_types(
    observation: Observation, *, target: Target, types: tuple[str, ...], suffixes: tuple[str, ...]
) -> Finding:
    """The media is of one of these types, by Content-Type or by the end of its path."""
    media, answer = observation.media(target), observation.answer(target)
    if media is None:
        return missing(observation, target)
    try:
        path = urlsplit(media.reference).path.lower()
    except ValueError:
        return failed(f"not a URL: {shown(media.reference)}")
    if answer is not None and answer.status == 200:
        return judged(media_type(answer) in types, f"Content-Type: {shown(answer.header('content-type')) or '–'}")
    return judged(path.endswith(suffixes), f"path: {shown(path)}")


@check("not-type")
def not_type(observation: Observation, *, target: Target, types: tuple[str, ...]) -> Finding:
    """The media is of none of these types."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    if answer.status != 200:
        return skipped(explained(answer))
    return judged(media_type(answer) not in types, f"Content-Type: {shown(answer.header('content-type')) or '–'}")
