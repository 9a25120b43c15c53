"""Checks of HTTP answers: status, type, size, time, redirects, HEAD, Range."""

from itertools import pairwise

from app.consumers.observation import RANGE_PROBE, HttpAnswer, Observation, Target
from app.consumers.registry import Finding, check, failed, judged, listed, passed, shown, skipped


def missing(observation: Observation, target: Target) -> Finding:
    """Why there is no answer to look at."""
    media = observation.media(target)
    if media is None:
        return skipped(f"the document names no {target}" if target != "json" else "not asked")
    return skipped(f"the {target} was not fetched: {media.skipped}")


def explained(answer: HttpAnswer) -> str:
    return f"no answer ({shown(answer.error)})" if answer.status == 0 else f"status {answer.status}"


def media_type(answer: HttpAnswer) -> str:
    """The type without parameters, in lower case."""
    return answer.header("content-type").partition(";")[0].strip().lower()


def known_size(answer: HttpAnswer | None) -> int | None:
    """Bytes of the whole, decoded or announced, whichever is more; None when a cut body announces nothing."""
    if answer is None or answer.status not in {200, 206}:
        return None
    total = answer.header("content-range").rpartition("/")[2]
    announced = total if answer.status == 206 else answer.header("content-length")
    sizes = [int(announced)] if announced.isascii() and announced.isdigit() and len(announced) < 20 else []
    if answer.status == 200 and answer.method != "HEAD" and not answer.truncated:
        sizes.append(len(answer.body))
    return max(sizes, default=None)


@check("status")
def status(observation: Observation, *, target: Target, statuses: tuple[int, ...]) -> Finding:
    """GET answers with one of these statuses."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    return judged(answer.status in statuses, explained(answer))


@check("retried-status")
def retried_status(observation: Observation, *, target: Target, statuses: tuple[int, ...]) -> Finding:
    """A failure has one of the statuses that the consumer tries again."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    if answer.status == 200:
        return passed("status 200, nothing to try again")
    return judged(answer.status in statuses, explained(answer))


@check("retry-after")
def retry_after(observation: Observation, *, statuses: tuple[int, ...]) -> Finding:
    """Answers with these statuses say when to come back (RFC 9110, section 10.2.3)."""
    throttled = [answer for answer in _all_answers(observation) if answer.status in statuses]
    bare = [answer for answer in throttled if not answer.header("retry-after")]
    if bare:
        return failed(f"{bare[0].method} {shown(bare[0].url)}: {bare[0].status} without Retry-After")
    return passed(f"{len(throttled)} such answers, all with Retry-After" if throttled else "no such answer was seen")


def _all_answers(observation: Observation) -> list[HttpAnswer]:
    found = [observation.get, observation.head, *observation.siblings.values()]
    for media in (observation.image, observation.animation):
        if media is not None:
            found += [media.get, media.head, media.ranged, media.busted]
    return [answer for answer in found if answer is not None]


@check("type-contains")
def type_contains(observation: Observation, *, target: Target, text: str, rejected: tuple[str, ...] = ()) -> Finding:
    """Content-Type contains `text` and none of the `rejected` ones."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    value = answer.header("content-type").lower()
    return judged(text in value and not any(word in value for word in rejected), f"Content-Type: {shown(value) or '–'}")


@check("exact-type")
def exact_type(observation: Observation, *, target: Target, types: tuple[str, ...]) -> Finding:
    """Content-Type of GET and of a successful HEAD equals one of these, with nothing after it."""
    answer, head = observation.answer(target), observation.head_answer(target)
    if answer is None:
        return missing(observation, target)
    values = [answer.header("content-type")] + ([head.header("content-type")] if head and head.status == 200 else [])
    wrong = [value for value in values if value.lower() not in types]
    return judged(not wrong, f"Content-Type: {shown((wrong or values)[0]) or '–'}")


@check("size")
def size(observation: Observation, *, target: Target, most: int) -> Finding:
    """The body, announced and decoded, is at most `most` bytes."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    media = observation.media(target)
    candidates = [answer, observation.head_answer(target), media.ranged if media else None]
    sizes = [found for found in map(known_size, candidates) if found is not None]
    largest = max([len(answer.body), *sizes])
    if largest > most:
        return failed(f"{largest:,} bytes")
    if not sizes:
        return skipped(f"more than {largest:,} bytes, size not announced" if answer.truncated else explained(answer))
    return passed(f"{largest:,} bytes")


@check("time")
def time(observation: Observation, *, target: Target, most: int) -> Finding:
    """GET is complete within `most` milliseconds, redirects included."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    return judged(answer.status != 0 and answer.elapsed_ms < most, f"{answer.elapsed_ms:,} ms, {explained(answer)}")


@check("no-redirect")
def no_redirect(observation: Observation, *, target: Target) -> Finding:
    """GET and HEAD answer at the URL itself."""
    answers = [found for found in (observation.answer(target), observation.head_answer(target)) if found is not None]
    if not answers:
        return missing(observation, target)
    for answer in answers:
        if answer.redirects or 300 <= answer.status < 400:
            return failed(f"{answer.method}: {len(answer.redirects) or 1} redirect(s), to {shown(answer.url)}")
    return passed("answered in place")


@check("no-downgrade")
def no_downgrade(observation: Observation, *, target: Target) -> Finding:
    """No hop leads from https to http."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    hops = [*answer.redirects, answer.url]
    # The refused last hop counts too: a Location may be seen without being followed.
    if 300 <= answer.status < 400:
        hops.append(answer.header("location"))
    for before, after in pairwise(hops):
        if before.startswith("https:") and after.startswith("http:"):
            return failed(f"{shown(before)} leads to {shown(after)}")
    return passed("every hop keeps its scheme" if len(hops) > 1 else "no redirects")


@check("head")
def head(observation: Observation, *, target: Target) -> Finding:
    """HEAD answers 200 with the type and, where both say it, the length of GET."""
    got, answer = observation.answer(target), observation.head_answer(target)
    if got is None or answer is None:
        return missing(observation, target) if got is None else skipped("HEAD was not asked")
    if answer.status != 200:
        return failed(f"HEAD: {explained(answer)}")
    if answer.header("content-type") != got.header("content-type") or not answer.header("content-type"):
        return failed(f"HEAD says {shown(answer.header('content-type')) or 'no type'}, GET another")
    lengths = {found.header("content-length") for found in (got, answer)} - {""}
    same_coding = got.header("content-encoding") == answer.header("content-encoding")
    if len(lengths) > 1 and same_coding:
        return failed(f"HEAD says {shown(answer.header('content-length'))} bytes, GET another number")
    return passed(f"HEAD 200, {shown(answer.header('content-type'))}")


@check("range")
def byte_range(observation: Observation, *, target: Target) -> Finding:
    """`Range: bytes=0-1023` gives 206 with exactly those bytes (RFC 9110, section 14)."""
    media, got = observation.media(target), observation.answer(target)
    answer = media.ranged if media else None
    if got is None or answer is None:
        return missing(observation, target) if got is None else skipped("Range was not asked")
    if got.status != 200:
        return skipped(explained(got))
    if answer.status != 206:
        return failed(f"Range: {explained(answer)}")
    prefix = got.body[:RANGE_PROBE]
    if not answer.header("content-range").startswith(f"bytes 0-{len(prefix) - 1}/"):
        return failed(f"Content-Range: {shown(answer.header('content-range')) or '–'}")
    return judged(answer.body == prefix, f"206, {len(answer.body)} bytes")


@check("not-challenged")
def not_challenged(observation: Observation, *, target: Target) -> Finding:
    """A crawler gets the thing itself: no challenge page, no refusal."""
    answer = observation.answer(target)
    if answer is None:
        return missing(observation, target)
    if answer.header("cf-mitigated"):
        return failed(f"cf-mitigated: {shown(answer.header('cf-mitigated'))}")
    if answer.status in {401, 402, 403, 451}:
        return failed(explained(answer))
    page = target != "animation" and media_type(answer) in {"text/html", "application/xhtml+xml"}
    return judged(not page, "an HTML page instead" if page else explained(answer))


@check("same-token")
def same_token(observation: Observation, *, form: str) -> Finding:
    """Another spelling of the token id gives the same bytes."""
    answer = observation.siblings.get(form)
    if answer is None:
        return skipped("the URL does not end in a decimal token id")
    if observation.get.status != 200:
        return skipped(explained(observation.get))
    same = answer.status == 200 and answer.body == observation.get.body
    return judged(same, "the same bytes" if same else f"{shown(answer.url)}: {explained(answer)}")


@check("refused")
def refused(observation: Observation, *, form: str, statuses: tuple[int, ...]) -> Finding:
    """A URL of a token that cannot be is refused with one of these statuses."""
    answer = observation.siblings.get(form)
    if answer is None:
        return skipped("the URL does not end in a decimal token id")
    return judged(answer.status in statuses, f"{shown(answer.url)}: {explained(answer)}")


@check("live-together")
def live_together(observation: Observation, *, targets: tuple[Target, ...]) -> Finding:
    """All of these answer 200 at the same time."""
    down: list[str] = []
    for target in targets:
        answer, media = observation.answer(target), observation.media(target)
        if answer is None:
            # A file behind ipfs:// that nobody fetched is not known to be down.
            if media is not None and media.reference.startswith(("ipfs://", "data:")):
                return skipped(f"the {target} was not fetched: {media.skipped}")
            down.append(f"{target}: none")
        elif answer.status != 200:
            down.append(f"{target}: {explained(answer)}")
    return judged(not down, listed(down) or "all answer 200")
