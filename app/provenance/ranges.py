"""Ranges of token ids for events: few enough for one transaction, and as tight as that allows. Pure."""

from collections.abc import Iterable

Range = tuple[int, int]
"""(first, last), both inside."""


def ranges(ids: Iterable[int], most: int) -> list[Range]:
    """The ids as at most `most` increasing ranges. Where there are more runs than that, the smallest gaps are closed:
    an id named without need costs its readers one fetch, an id left out stays stale."""
    runs: list[Range] = []
    for each in sorted(set(ids)):
        if runs and runs[-1][1] == each - 1:
            runs[-1] = (runs[-1][0], each)
        else:
            runs.append((each, each))
    if len(runs) <= most:
        return runs
    gaps = sorted(range(1, len(runs)), key=lambda at: (runs[at][0] - runs[at - 1][1], at))
    closed = set(gaps[: len(runs) - most])
    merged: list[Range] = []
    for at, run in enumerate(runs):
        if at in closed:
            merged[-1] = (merged[-1][0], run[1])
        else:
            merged.append(run)
    return merged
