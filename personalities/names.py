"""Names: a keyed one-to-one map from token ids into a space of names that are all at least two edits apart.

A pack lists forms such as `{given} of the {quality} {place}`. Each form spans a block of the space, each bank is one
digit of a mixed-radix number. Two names are two edits apart because no bank (and no compound such as `{stem}{ending}`)
holds two words one edit apart, ignoring case, and because the forms' numbers of spaces are at least two apart.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from personalities.derive import permute
from personalities.errors import PackError

_BANK = re.compile(r"\{([a-z]+)\}")
_WORD = re.compile(r"[A-Z]?[a-z]+")
SPARE = 4
MAX_COMPOUNDS = 200_000
"""All compounds of a word are compared with each other, so there must be an end to them."""
"""A name space holds at least this many names per token."""


@dataclass(frozen=True, slots=True)
class Form:
    pieces: tuple[str, ...]
    """Literal text, bank, literal text, bank, …: literals at even places."""
    banks: tuple[tuple[str, ...], ...]

    @property
    def size(self) -> int:
        return prod(len(bank) for bank in self.banks)

    def write(self, index: int) -> str:
        words = []
        for bank in reversed(self.banks):
            index, word = divmod(index, len(bank))
            words.append(bank[word])
        words.reverse()
        return self.pieces[0] + "".join(word + text for word, text in zip(words, self.pieces[1:], strict=True))


@dataclass(frozen=True, slots=True)
class NameSpace:
    forms: tuple[Form, ...]
    size: int

    def name(self, key: bytes, token_id: int, supply: int) -> str:
        """The name of one token. Raises PackError when the space is too small for the supply."""
        if self.size < SPARE * supply:
            raise PackError(
                f"names.toml: {self.size:,} names are fewer than {SPARE} for each of {supply:,} tokens; they are "
                f"enough for {self.size // SPARE:,} tokens"
            )
        index = permute(key, token_id, self.size)
        for form in self.forms:
            if index < form.size:
                return form.write(index)
            index -= form.size
        raise AssertionError("the forms of a name space add up to its size")


def name_space(forms: Sequence[str], banks: Mapping[str, Sequence[str]], where: str) -> NameSpace:
    """Check forms and banks and build the space; raises PackError with the first thing that breaks the distance."""
    for bank, words in banks.items():
        for word in words:
            if not _WORD.fullmatch(word):
                raise PackError(
                    f"{where}: bank {bank}: {word!r} is not one word of ASCII letters, of which only the first may be "
                    "a capital"
                )
        _check_distance(words, f"{where}: bank {bank}")
    built: list[Form] = []
    for form in forms:
        pieces = _BANK.split(form)
        unknown = [key for key in pieces[1::2] if key not in banks]
        if unknown or not pieces[1::2]:
            raise PackError(
                f"{where}: form {form!r} names no bank or an unknown one: {', '.join(unknown) or 'none'}; the banks "
                f"are {', '.join(banks)}"
            )
        for other in forms[: len(built)]:
            if abs(other.count(" ") - form.count(" ")) < 2:
                raise PackError(f"{where}: forms {other!r} and {form!r} must differ by two or more spaces")
        for word in form.split(" "):
            parts = _BANK.findall(word)
            if len(parts) > 1:
                if prod(len(banks[part]) for part in parts) > MAX_COMPOUNDS:
                    raise PackError(f"{where}: form {form!r}: {word!r} has more than {MAX_COMPOUNDS} compounds")
                compounds = ["".join(parts) for parts in product(*(banks[part] for part in parts))]
                _check_distance(compounds, f"{where}: compound {word!r}")
        built.append(Form(tuple(pieces[::2]), tuple(tuple(banks[key]) for key in pieces[1::2])))
    return NameSpace(tuple(built), sum(form.size for form in built))


def _check_distance(words: Iterable[str], where: str) -> None:
    """Raise PackError when two words are equal or one edit apart, ignoring case: equal after blanking one place, or one
    is the other with a letter taken out."""
    lower = [word.lower() for word in words]
    known = set(lower)
    blanked: dict[str, str] = {}
    for word in lower:
        for place in range(len(word)):
            shorter = word[:place] + word[place + 1 :]
            other = shorter if shorter in known else blanked.get(word[:place] + "?" + word[place + 1 :])
            if other is not None:
                raise PackError(f"{where}: {other!r} and {word!r} are less than two edits apart")
        blanked |= {word[:place] + "?" + word[place + 1 :]: word for place in range(len(word))}
