"""What `dnft pack check` and `dnft pack sign` find out about a pack: sample births, written and judged."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from personalities import (
    Pack,
    PackError,
    Problem,
    beauvoir,
    birth,
    description,
    introduction,
    validate_document,
    violations,
)
from personalities.bounds import longest_document
from personalities.decks import counts
from personalities.names import SPARE
from personalities.pack import MAX_DOCUMENT_BYTES, Signal
from personalities.rules import rule
from renderers.placeholder import compose
from scripts.output import Result

SAMPLE_SEED = bytes(range(32))
"""Checks are repeatable: always births of this seed."""
SAMPLE_DOCUMENTS = 3
_PROBLEMS_SHOWN = 20


def report(loaded: Pack, births: int, supply: int, ignored: list[str]) -> dict[str, Any]:
    """Everything about a loaded pack. Raises PackError when it has too few names for the supply."""
    largest = loaded.names.size // SPARE
    if largest < supply:
        raise PackError(
            f"names.toml: {loaded.names.size:,} names are too few for a supply of {supply:,}, which takes "
            f"{SPARE * supply:,}; they are enough for {largest:,}: say how large the collection will be with "
            f"`--supply {largest}` or less, or add words to the banks"
        )
    if len(loaded.placeholder.colours) < 2:
        raise PackError("placeholder.toml: colours: two are needed, the ground and the light")
    births = min(births, supply)
    people = [birth(SAMPLE_SEED, supply, token * supply // births, loaded) for token in range(births)]
    problems: list[dict[str, Any]] = []
    by_rule: Counter[str] = Counter()
    sizes: list[int] = []
    samples: list[dict[str, Any]] = []
    broken = 0
    for person in people:
        text = beauvoir(person, loaded)
        sizes.append(len(text.encode()))
        short = {"description": description(person, loaded), "introduction": introduction(person, loaded)}
        found = validate_document(text, person, loaded)
        for name, line in short.items():
            for each in violations(line, loaded, person):
                broken_rule = rule(each.rule)
                what = f"{broken_rule.title} ({each.rule}): “{each.found}”"
                found.append(Problem(name, what, broken_rule.instead, each.rule))
        by_rule.update(problem.rule for problem in found if problem.rule)
        broken += bool(found)
        room = _PROBLEMS_SHOWN - len(problems)
        problems += [{"token": person.token_id, **asdict(problem)} for problem in found[: max(0, room)]]
        if len(samples) < SAMPLE_DOCUMENTS:
            samples.append({"token": person.token_id, "name": person.name, **short, "document": text})
    return {
        "pack": loaded.id,
        "hash": loaded.hash,
        "counts": {
            "signals": {signal.title: len(signal.options) or signal.kind for signal in loaded.signals},
            "slots": {slot.id: len(slot.options) for slot in loaded.slots},
            "banks": len(loaded.banks),
            "lines": sum(map(len, loaded.banks.values())),
            "exchanges": len(loaded.exchanges),
        },
        "decks": {signal.id: _deck(signal, supply) for signal in loaded.signals if not signal.source},
        "names": {"space": loaded.names.size, "supply": supply, "largest_supply": largest},
        "document_bytes": {"largest_sample": max(sizes), "bound": longest_document(loaded), "cap": MAX_DOCUMENT_BYTES},
        "births": births,
        "violations": dict(by_rule),
        "broken_documents": broken,
        "problems": problems,
        "ignored": ignored,
        "notes": _notes(loaded),
        "samples": samples,
    }


def show_report(result: Result) -> None:
    held, names, sizes = result["counts"], result["names"], result["document_bytes"]
    for sample in result["samples"]:
        print(sample["document"])
    signals = ", ".join(f"{title} ({count})" for title, count in held["signals"].items())
    print(f"pack        {result['pack']}  {result['hash']}")
    print(f"signals     {signals}")
    print(f"words       {held['banks']} banks with {held['lines']} lines, {held['exchanges']} exchanges")
    print(f"names       {names['space']}, enough for a supply of {names['largest_supply']}")
    print(f"documents   {sizes['largest_sample']} bytes in the sample, {sizes['bound']} at worst, cap {sizes['cap']}")
    print(f"births      {result['births']} written and judged, {result['broken_documents']} broken")
    for problem in result["problems"]:
        print(f"  token {problem['token']}, {problem['section']}: {problem['what']}")
    if result["ignored"]:
        print(f"ignored     {', '.join(result['ignored'])}: no part of the pack")
    for note in result["notes"]:
        print(f"note        {note}")
    if result.get("signed"):
        print("signed      CHECKSUMS is written; it may be signed anew until a collection is born of this version")


def _deck(signal: Signal, supply: int) -> dict[str, Any]:
    """What the weights of a dealt signal add up to, and how many tokens of a collection get each option or span."""
    if signal.options:
        weights, names = signal.weights, [option.label for option in signal.options]
    else:
        weights = tuple(span.weight for span in signal.spans)
        names = [f"{span.first}..{span.last}" for span in signal.spans]
    return {"total": sum(weights), "dealt": dict(zip(names, counts(weights, supply), strict=True))}


def _notes(loaded: Pack) -> list[str]:
    placeholder = loaded.placeholder
    # No emblem has an empty name, so this is what is shown for a word that nobody has drawn.
    if placeholder.motif != "seal" and _same_picture(placeholder.motif, "", placeholder.colours):
        return [f"placeholder.toml: no picture is known for the motif {placeholder.motif!r}; a seal will be shown"]
    return []


def _same_picture(one: str, other: str, colours: tuple[str, ...]) -> bool:
    return compose(one, colours) == compose(other, colours)
