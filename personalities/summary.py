"""A personality in short, for cards and lists. Pure: everything in it is public already."""

from collections.abc import Sequence

from personalities.dials import BANDS, DIALS, band_word
from personalities.validation import DO_NOT, EXAMPLES, GUIDELINES

_MIDDLE = (BANDS - 1) / 2
_PRONOUNCED = 5
_REFUSALS = 8


def traits(signals: Sequence[tuple[str, str | int]], bands: Sequence[int]) -> list[str]:
    """Birth signals that are words, then the words of the dials furthest from the middle."""
    words = [str(value) for _, value in signals if not isinstance(value, int)]
    strongest = sorted(range(len(bands)), key=lambda at: (-abs(bands[at] - _MIDDLE), at))
    return words + [band_word(at, bands[at]) for at in strongest[:_PRONOUNCED] if bands[at] != _MIDDLE]


def section(document: str, heading: str) -> str:
    """The text under a heading, without it; empty when there is no such section."""
    return document.partition(f"\n## {heading}\n")[2].partition("\n## ")[0].strip()


def exchanges(document: str) -> list[tuple[str, str]]:
    """(what a visitor says, the answer) of the example talks, in the document's order."""
    blocks = section(document, EXAMPLES).split("\n\n")
    return [
        (asked.removeprefix("> "), answer.partition(":** ")[2])
        for asked, answer in zip(blocks[::2], blocks[1::2], strict=False)
        if asked.startswith("> ") and ":** " in answer
    ]


def refusals(document: str) -> list[str]:
    """What the agent does not do, in the document's own words: the list under “Do not:” in its guidelines."""
    guidelines = "\n" + section(document, GUIDELINES)
    listed = guidelines.partition(f"\n{DO_NOT}\n")[2].strip().split("\n\n")[0]
    return [line.removeprefix("- ") for line in listed.splitlines() if line.startswith("- ")][:_REFUSALS]


def levels(bands: Sequence[int]) -> dict[str, float]:
    """Each dial as a number between 0 and 1: the middle of its band, with two digits."""
    return {name.lower(): round((band + 0.5) / BANDS, 2) for name, band in zip(DIALS, bands, strict=False)}
