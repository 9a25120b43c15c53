"""The template language of packs.

    {name} {given}          the agent's full name; its first word
    {keepsake.noun}         a facet of the option this agent holds in a slot or signal
    {Warmth.line} {Warmth}  wording for the agent's band of a dial; the band word
    {greeting}              a line of a word bank, itself a template
    {^…}                    the same with its first letter in upper case
    a(n)                    `a` or `an`, by what follows once everything is filled in

A list that is drawn from twice in one document gives a different line each time, until it is used up.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from personalities.errors import PackError

REFERENCE = re.compile(r"\{(\^?)([A-Za-z][A-Za-z_]*)(?:\.([a-z_]+))?\}")
_ARTICLE = re.compile(r"\b([aA])\(n\)(?= [\"“‘']?(\w+))")
_AN_DESPITE_SPELLING = ("hour", "honest", "heir", "honour")
_A_DESPITE_SPELLING = ("uni", "use", "usu", "one", "once", "eu", "ewe")
_FORBIDDEN = re.compile(r"[<>\[\]`*_#|\\\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Reference:
    key: str
    facet: str
    capital: bool

    @property
    def source(self) -> str:
        """What stands between its braces, without the mark for a capital."""
        return f"{self.key}.{self.facet}" if self.facet else self.key


Template = tuple[str | Reference, ...]
Resolve = Callable[[Reference], str]


def parse(text: str, where: str) -> Template:
    """Read a template. Raises PackError for a brace that opens nothing and for characters that Markdown would read."""
    plain = REFERENCE.sub("", text)
    if not text or text != text.strip():
        raise PackError(f"{where}: a text is empty or starts or ends with white space: {text!r}")
    if "{" in plain or "}" in plain:
        raise PackError(
            f"{where}: a brace does not belong to a reference such as {{name}}, {{greeting}}, {{craft.noun}} or "
            f"{{^craft.noun}}: {text!r}"
        )
    if found := _FORBIDDEN.search(plain):
        raise PackError(f"{where}: the character {found.group()!r} has a meaning in Markdown: {text!r}")
    parts: list[str | Reference] = []
    end = 0
    for match in REFERENCE.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        parts.append(Reference(match[2], match[3] or "", bool(match[1])))
        end = match.end()
    if end < len(text):
        parts.append(text[end:])
    return tuple(parts)


def fill(template: Template, resolve: Resolve) -> str:
    """The template with every reference replaced by what `resolve` gives for it."""
    filled = []
    for part in template:
        if isinstance(part, str):
            filled.append(part)
        else:
            text = resolve(part)
            filled.append(text[0].upper() + text[1:] if part.capital else text)
    return "".join(filled)


def articles(text: str) -> str:
    """Replace every `a(n)` by the article its next word wants."""
    return _ARTICLE.sub(_article, text) if "(n)" in text else text


def _article(match: re.Match[str]) -> str:
    following = match[2].lower()
    vowel = following[0] in "aeiou" and not following.startswith(_A_DESPITE_SPELLING)
    return match[1] + "n" if vowel or following.startswith(_AN_DESPITE_SPELLING) else match[1]
