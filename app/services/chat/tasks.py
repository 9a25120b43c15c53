"""What kind of work a message asks for: plain rules that can be told in a sentence."""

import re
from typing import Final, NamedTuple

LONG: Final = 1_200
"""Characters from which a message counts as analysis."""
_READ: Final = 8_000

_CODE: Final = re.compile(
    r"```|\b(?:traceback|stack ?trace|syntax ?error|regex|refactor|unit tests?|compile[rs]?|debug|"
    r"python|javascript|typescript|solidity|rust|sql|html|css|bash)\b|\b(?:def|class|function|import)\b[ \w.]*[({:]",
    re.IGNORECASE,
)
_ARCHITECTURE: Final = re.compile(
    r"\b(?:architecture|system design|design (?:a|the|an) (?:system|service|protocol|schema|database|api)|"
    r"roadmap|plan (?:a|the|my|our) (?:project|system|launch))\b",
    re.IGNORECASE,
)
_ANALYSIS: Final = re.compile(
    r"\b(?:analy[sz]e|analysis|compare|summari[sz]e|pros and cons|trade-?offs?|step by step|prove|evaluate|"
    r"research|in detail)\b",
    re.IGNORECASE,
)


class Task(NamedTuple):
    name: str
    """chat, analysis, architecture or code."""
    why: str
    """For people."""


def classify(text: str) -> Task:
    """The task of a message; the first rule that fits decides. Reads 8,000 characters."""
    head = text[:_READ]
    if _CODE.search(head):
        return Task("code", "it speaks of code")
    if _ARCHITECTURE.search(head):
        return Task("architecture", "it asks for a design")
    if _ANALYSIS.search(head):
        return Task("analysis", "it asks for an analysis")
    if len(text) > LONG:
        return Task("analysis", "it is long")
    return Task("chat", "it is talk")
