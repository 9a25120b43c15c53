"""Judges a BEAUVOIR.md, whoever wrote it: its sections, its Markdown, its characters and the writing rules.

The text is hostile until it has passed. Anything over the size cap is refused before it is looked at, so judging takes
a bounded time.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from personalities.birth import Personality
from personalities.document import beauvoir, facts
from personalities.pack import MAX_DOCUMENT_BYTES, SECTIONS, Pack
from personalities.rules import rule, violations

MIN_EXCHANGES = 2
MIN_DO = 2
MAX_PROBLEMS = 100
GUIDELINES, EXAMPLES, SELF_KNOWLEDGE = "Behavioural guidelines", "Examples", "Self-knowledge"
DO, DO_NOT = "Do:", "Do not:"

_UNSEEN = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
_MARKUP = re.compile(r"[<>\[\]`*_#|\\~]|&(?:#|\w{1,30};)|!\[")
_LIST_LIKE = re.compile(r"(?:[+=~]|-(?! \S)|\d{1,9}[.)] | )")
_WORD = re.compile(r"\w{1,80}")


@dataclass(frozen=True, slots=True)
class Problem:
    section: str
    """Heading of the section, or `document`."""
    what: str
    fix: str
    rule: str = ""
    """Id of the writing rule that was broken; empty where it is about form."""


def validate_document(text: str, personality: Personality, pack: Pack) -> list[Problem]:
    """Everything that keeps `text` from being the BEAUVOIR.md of `personality`, in reading order, at most
    `MAX_PROBLEMS`; an empty list means that it can be published. Raises ValueError when `personality` was born of
    another pack."""
    if personality.pack_hash != pack.hash:
        raise ValueError(f"this personality was born of pack {personality.pack}, not of {pack.id}")
    if refusal := _unreadable(text):
        return [refusal]
    problems = [*_characters(text), *_alphabets(text, personality, pack), *_lines(text)]
    found = _sections(text)
    problems += _outline(text, found, personality)
    if not problems:
        sections = dict(found)
        problems += _shape(sections, personality)
        problems += _guidelines(sections[GUIDELINES])
        problems += _examples(sections[EXAMPLES], personality)
        problems += _facts(sections[SELF_KNOWLEDGE], personality)
    problems += [
        Problem(
            each.where, f"{rule(each.rule).title} ({each.rule}): “{each.found}”", rule(each.rule).instead, each.rule
        )
        for each in violations(text, pack, personality)
    ]
    return problems[:MAX_PROBLEMS]


def _unreadable(text: str) -> Problem | None:
    # Every character takes a byte or more, so a long text need not be encoded to be refused.
    too_long = len(text) > MAX_DOCUMENT_BYTES
    try:
        too_long = too_long or len(text.encode()) > MAX_DOCUMENT_BYTES
    except UnicodeEncodeError:
        return Problem("document", "it cannot be written in UTF-8", "Remove the lone surrogates.")
    if too_long:
        return Problem("document", f"it has more than {MAX_DOCUMENT_BYTES} bytes", "Shorten it.")
    return None


def _characters(text: str) -> Iterator[Problem]:
    if not unicodedata.is_normalized("NFC", text):
        yield Problem("document", "it is not in Unicode normal form NFC", "Normalise it.")
    for character in sorted(set(text)):
        category = unicodedata.category(character)
        if category in _UNSEEN and character != "\n":
            yield Problem("document", f"it holds the invisible character U+{ord(character):04X}", "Remove it.")
        elif category == "Zs" and character != " ":
            yield Problem("document", f"it holds the odd space U+{ord(character):04X}", "Use a plain space.")
        elif category in ("Mn", "Me") or 0xFE00 <= ord(character) <= 0xFE0F:
            yield Problem("document", f"it holds the loose mark U+{ord(character):04X}", "Remove it.")


def _alphabets(text: str, personality: Personality, pack: Pack) -> Iterator[Problem]:
    """Letters that only look like others would slip past the rules, and other languages are not covered by them; so
    the alphabets are those of the pack's own text, one to a word."""
    words = {word for word in _WORD.findall(text) if not word.isascii()}
    if not words:
        return
    usual = _scripts(beauvoir(personality, pack))
    for word in sorted(words):
        scripts = _scripts(word)
        if len(scripts) > 1 or not scripts <= usual:
            what = f"“{word}” is written in {' and '.join(sorted(scripts))} letters"
            yield Problem("document", what, f"Use {' or '.join(sorted(usual))} letters, one alphabet to a word.")


def _scripts(text: str) -> set[str]:
    """The alphabets of a text's letters, by the first word of their Unicode names (LATIN, CYRILLIC, FULLWIDTH, …)."""
    return {unicodedata.name(letter, "UNKNOWN").split()[0] for letter in set(text) if letter.isalpha()}


def _lines(text: str) -> Iterator[Problem]:
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield Problem("document", "it does not end with one line break", "End the last line, and add no empty one.")
    if "\n\n\n" in text:
        yield Problem("document", "it has two empty lines together", "Leave one empty line between parts.")
    where = "document"
    for line in text.splitlines():
        if line.startswith("## "):
            where = line[3:83]
        if line != line.rstrip() or "  " in line:
            yield Problem(where, f"stray spaces: “{line[:60]}”", "Single spaces only, none at a line’s end.")
        if _LIST_LIKE.match(line):
            fix = "Use plain paragraphs, “- ” for lists and “> ” for what a visitor says."
            yield Problem(where, f"a line starts like other Markdown: “{line[:60]}”", fix)


def _sections(text: str) -> list[tuple[str, list[str]]]:
    """Heading and blocks of each section; blocks are separated by empty lines."""
    parts = re.split(r"^## ", text, flags=re.M)[1:]
    found = []
    for part in parts:
        heading, _, body = part.partition("\n")
        found.append((heading, [block for block in body.strip("\n").split("\n\n") if block]))
    return found


def _outline(text: str, found: Sequence[tuple[str, list[str]]], personality: Personality) -> Iterator[Problem]:
    title = f"# {personality.name}"
    if not text.startswith(f"{title}\n\n## {SECTIONS[0]}\n\n"):
        fix = f"Begin with “{title}”, an empty line and “## {SECTIONS[0]}”."
        yield Problem("document", "it does not begin with its name and first section", fix)
    headings = [heading for heading, _ in found]
    for heading in SECTIONS:
        if headings.count(heading) != 1:
            what = "the section is missing" if heading not in headings else "the section is there twice"
            yield Problem(heading, what, f"Have “## {heading}” once.")
    for heading in dict.fromkeys(headings):
        if heading not in SECTIONS:
            yield Problem(heading[:80], "no section has this heading", f"The sections are {', '.join(SECTIONS)}.")
    if sorted(headings) == sorted(SECTIONS) and tuple(headings) != SECTIONS:
        yield Problem("document", "the sections are in another order", f"Their order is {', '.join(SECTIONS)}.")
    for heading, blocks in found:
        if heading in SECTIONS and not blocks:
            yield Problem(heading, "the section is empty", "Write at least a sentence.")


def _shape(sections: Mapping[str, list[str]], personality: Personality) -> Iterator[Problem]:
    """Blocks are paragraphs or lists of plain text; what somebody says belongs to Examples."""
    known = set(facts(personality).splitlines())
    speaker = f"**{personality.given}:** "
    for heading, blocks in sections.items():
        for line in (line for block in blocks for line in block.splitlines()):
            if heading == SELF_KNOWLEDGE and line in known:
                continue
            bare = line.removeprefix("- ")
            if heading == EXAMPLES:
                bare = line.removeprefix("> ").removeprefix(speaker)
            if mark := _MARKUP.search(bare):
                yield Problem(heading, f"markup {mark.group()!r} in “{line[:60]}”", "Write plain text.")
        for block in blocks:
            lines = block.splitlines()
            listed = sum(line.startswith("- ") for line in lines)
            if listed not in (0, len(lines)) or (not listed and len(lines) > 1):
                fix = "Separate paragraphs and lists by an empty line; write a paragraph on one line."
                yield Problem(heading, f"a block mixes lines: “{block[:60]}”", fix)


def _guidelines(blocks: Sequence[str]) -> Iterator[Problem]:
    for lead in (DO, DO_NOT):
        after = blocks[blocks.index(lead) + 1] if lead in blocks[:-1] else ""
        items = [line for line in after.splitlines() if line.startswith("- ")]
        if len(items) < MIN_DO:
            fix = f"Write “{lead}”, an empty line, and a list of concrete habits."
            yield Problem(GUIDELINES, f"fewer than {MIN_DO} items under “{lead}”", fix)
        for item in items:
            if len(item.split()) < 3:
                yield Problem(GUIDELINES, f"“{item}” says too little", "Name something that can be done or left.")


def _examples(blocks: Sequence[str], personality: Personality) -> Iterator[Problem]:
    speaker = f"**{personality.given}:** "
    fix = f"Alternate “> ” and what a visitor says with “{speaker}” and the answer."
    if len(blocks) < 2 * MIN_EXCHANGES:
        yield Problem(EXAMPLES, f"there are fewer than {MIN_EXCHANGES} exchanges", fix)
    for at, block in enumerate(blocks):
        start = speaker if at % 2 else "> "
        if not block.startswith(start) or not block.removeprefix(start).strip():
            yield Problem(EXAMPLES, f"this is not {'an answer' if at % 2 else 'a visitor’s line'}: “{block[:60]}”", fix)
    if len(blocks) % 2:
        yield Problem(EXAMPLES, "the last question has no answer", fix)


def _facts(blocks: Sequence[str], personality: Personality) -> Iterator[Problem]:
    if len(blocks) < 2 or blocks[-1] != facts(personality):
        fix = "End the section with the list of birth signals and dials, exactly as born, after a paragraph."
        yield Problem(SELF_KNOWLEDGE, "the facts of birth are not as they were dealt", fix)
    if any(line.startswith("- ") for block in blocks[:-1] for line in block.splitlines()):
        yield Problem(SELF_KNOWLEDGE, "there is a second list", "Keep to one list, the facts of birth.")
