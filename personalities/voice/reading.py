"""Reads what a holder wrote: hostile until cleaned, bounded always."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from personalities.rules import violations
from personalities.voice import banks
from personalities.voice.scene import MAX_MESSAGE

MAX_QUOTE = 160
"""Characters of a holder's words that are ever quoted back."""

_SPACE = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[”’\"')\]]{0,3}\s+|\n+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[.!?…;\n]")
_MARKUP = re.compile(r"<[^<>]{0,200}>|[<>`*_#|\\\[\]{}~^]")
_ADDRESS = re.compile(
    r"\b(?:https?|ipfs|ftp|javascript|data|mailto):\S{1,300}|\bwww\.\S{1,300}|\b0x[0-9a-fA-F]{8,80}\b"
)
_INNER = str.maketrans('“”"', "‘’’")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "“": '"', "”": '"'})

_CONTRACTIONS: Mapping[str, str] = banks.read("lexicon")["contractions"]


def clean(text: str) -> str:
    """Readable text of at most `MAX_MESSAGE` characters: no control, bidirectional or other invisible characters."""
    kept = []
    for character in text[:MAX_MESSAGE]:
        if character in "\n\u2028\u2029":
            kept.append("\n")
        elif character.isspace():
            kept.append(" ")
        elif character.isascii() or unicodedata.category(character)[0] != "C":
            kept.append(character if character >= " " and character != "\x7f" else "")
    return unicodedata.normalize("NFC", "".join(kept))


def sentences(text: str) -> list[str]:
    """The sentences of a text, without surrounding space."""
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


@lru_cache(maxsize=8192)
def sentence_key(sentence: str) -> str:
    """The form in which two sentences count as the same."""
    return " ".join(re.findall(r"[^\W_]+", sentence.translate(_QUOTES).replace("'", "").casefold()))


@lru_cache(maxsize=4096)
def sentence_keys(text: str) -> frozenset[str]:
    """The keys of all sentences of a text."""
    return frozenset(sentence_key(sentence) for sentence in sentences(text))


def tokens(text: str) -> list[str]:
    """Lower-case words with contractions written out, and `.` between sentences and clauses."""
    plain = unicodedata.normalize("NFKD", text.translate(_QUOTES)).casefold()
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    found: list[str] = []
    for word in _WORD.findall(plain):
        if not word[0].isalnum():
            if found and found[-1] != ".":
                found.append(".")
            continue
        spelt = _CONTRACTIONS.get(word)
        if spelt is None and word.endswith("'s"):
            spelt = word[:-2]
        found.extend((spelt or word.replace("'", "")).split())
    return [_unstretched(word) for word in found]


def _unstretched(word: str) -> str:
    """`hellooo` as `hello`, `sooo` as `so`: a letter three times or more in a row counts once."""
    return re.sub(r"([a-z])\1{2,}", r"\1", word) if len(word) > 2 else word


@lru_cache(maxsize=4096)
def quote(text: str, limit: int = MAX_QUOTE) -> str:
    """A holder's words fit to be spoken: their first sentence, at most `limit` characters, no markup, addresses or
    invisible characters; empty when nothing is left or when they break a writing rule."""
    plain = _SPACE.sub(" ", _MARKUP.sub("", _ADDRESS.sub("", clean(text[: 8 * limit])))).strip()
    first = next(iter(sentences(plain)), "")
    first = first.translate(_INNER).rstrip(".!?…;,: ’").strip()
    if len(first) > limit:
        first = first[:limit].rsplit(" ", 1)[0].rstrip(",;: ") + "…"
    if not any(character.isalnum() for character in first) or violations(first):
        return ""
    return re.sub(r"[.!?](?=\s)", ",", first)


def name_of(text: str | None) -> str:
    """A name or pseudonym fit to be spoken: letters, digits, spaces, hyphens and apostrophes, at most 40 characters;
    empty for addresses and the like."""
    plain = _SPACE.sub(" ", clean((text or "")[:200])).strip()
    if not re.fullmatch(r"[^\W\d_][^\W_]*(?:[ .'’-]{1,2}[^\W_]+){0,5}\.?", plain) or len(plain) > 40:
        return ""
    return "" if re.match(r"0x[0-9a-fA-F]{6}", plain) or violations(plain) else plain
