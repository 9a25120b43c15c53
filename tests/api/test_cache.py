"""The memory of ready answers: bounded, fair, and never wrong after a drop."""

from hypothesis import given
from hypothesis import strategies as st

from app.api.cache import ResourceCache
from app.api.resource import Resource

KIB = 1024


def answer(size: int = 0) -> Resource:
    return Resource(b"x" * size, content_type="text/plain", cache_control="no-store")


WEIGHT = answer().weight


def filled(room_for: int, count: int) -> ResourceCache:
    """A cache with room for some small answers, after `count` of them were put: /0, /1, … of tokens 0, 1, …"""
    cache = ResourceCache(room_for * WEIGHT)
    for number in range(count):
        cache.put(f"/{number}", answer(), (1, number), cache.generation)
    return cache


def test_put_beyond_the_bound_drops_the_oldest() -> None:
    cache = filled(room_for=3, count=5)
    assert [cache.get(f"/{number}") is not None for number in range(5)] == [False, False, True, True, True]
    assert cache.bytes == 3 * WEIGHT and len(cache) == 3


def test_put_beyond_the_bound_spares_once_what_was_read() -> None:
    cache = filled(room_for=3, count=3)
    assert cache.get("/0") is not None
    cache.put("/3", answer(), (1, 3), cache.generation)
    assert cache.get("/1") is None and cache.get("/0") is not None
    for number in range(4, 10):
        cache.put(f"/{number}", answer(), (1, number), cache.generation)
    assert cache.get("/0") is None, "a second chance is not a life"


def test_put_of_the_same_path_replaces_it() -> None:
    cache = ResourceCache(100 * WEIGHT)
    for size in (10, 20, 30):
        cache.put("/a", answer(size), (1, 1), cache.generation)
    kept = cache.get("/a")
    assert kept is not None and len(kept.body) == 30
    assert len(cache) == 1 and cache.bytes == kept.weight


def test_put_of_something_too_large_keeps_the_others() -> None:
    cache = filled(room_for=3, count=3)
    cache.put("/large", answer(4 * WEIGHT), (1, 9), cache.generation)
    assert cache.get("/large") is None and len(cache) == 3
    roomy = ResourceCache(64 << 20)
    roomy.put("/huge", answer(2 << 20), (1, 9), roomy.generation)
    assert roomy.get("/huge") is None


def test_drop_of_a_token_takes_its_answers_and_the_collections_document() -> None:
    cache = ResourceCache(100 * WEIGHT)
    tags = {"/1/7": (1, 7), "/1/7/v/1": (1, 7), "/1/8": (1, 8), "/1": (1, None), "/2/7": (2, 7), "/2": (2, None)}
    for path, tag in tags.items():
        cache.put(path, answer(), tag, cache.generation)
    cache.drop(1, 7)
    assert {path for path in tags if cache.get(path)} == {"/1/8", "/2/7", "/2"}
    cache.drop(2, None)
    assert {path for path in tags if cache.get(path)} == {"/1/8"}
    assert cache.bytes == WEIGHT


def test_put_of_what_was_loaded_before_a_drop_is_refused() -> None:
    cache = ResourceCache(100 * WEIGHT)
    loading = cache.generation
    cache.drop(5, 5)
    cache.put("/1/7", answer(), (1, 7), loading)
    assert cache.get("/1/7") is None
    cache.put("/1/7", answer(), (1, 7), cache.generation)
    assert cache.get("/1/7") is not None


def test_clear_forgets_everything_and_what_is_under_way() -> None:
    cache = filled(room_for=10, count=5)
    loading = cache.generation
    cache.clear()
    cache.put("/late", answer(), (1, 1), loading)
    assert len(cache) == 0 and cache.bytes == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 12), st.integers(0, 8 * KIB)),
        st.tuples(st.just("get"), st.integers(0, 12), st.just(0)),
        st.tuples(st.just("drop"), st.integers(0, 12), st.just(0)),
        st.tuples(st.just("drop all"), st.integers(0, 2), st.just(0)),
    ),
    max_size=80,
)


@given(STEPS)
def test_any_sequence_stays_within_the_bound_and_gives_the_last_put(steps: list[tuple[str, int, int]]) -> None:
    bound = 5 * WEIGHT
    cache = ResourceCache(bound)
    last: dict[str, Resource] = {}
    for step, number, size in steps:
        path, tag = f"/{number}", (number % 3, number)
        if step == "put":
            last[path] = answer(size)
            cache.put(path, last[path], tag, cache.generation)
        elif step == "get":
            assert cache.get(path) in (last.get(path), None)
        elif step == "drop":
            cache.drop(*tag)
            assert cache.get(path) is None
        else:
            cache.drop(number, None)
            assert not any(cache.get(f"/{each}") for each in range(13) if each % 3 == number)
        kept = [resource for each in range(13) if (resource := cache.get(f"/{each}"))]
        assert cache.bytes == sum(resource.weight for resource in kept) <= bound and len(cache) == len(kept)
