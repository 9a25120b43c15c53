"""Ranges of ids: tight, few, complete."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.provenance.ranges import ranges

IDS = st.sets(st.integers(0, 400), max_size=120)


def test_ranges_runs_are_kept_apart_while_there_is_room() -> None:
    assert ranges([3, 1, 2, 7, 9, 10], 8) == [(1, 3), (7, 7), (9, 10)]
    assert ranges([], 8) == []


def test_ranges_too_many_runs_close_the_smallest_gaps() -> None:
    assert ranges([0, 2, 10, 12, 100], 3) == [(0, 2), (10, 12), (100, 100)]
    assert ranges([0, 5, 100], 1) == [(0, 100)]


@given(IDS, st.integers(1, 8))
def test_ranges_hold_every_id_in_order_and_are_few(ids: set[int], most: int) -> None:
    found = ranges(ids, most)
    assert len(found) <= most
    assert all(first <= last for first, last in found)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(found))
    assert all(any(first <= each <= last for first, last in found) for each in ids)
    assert all({first, last} <= ids for first, last in found)
