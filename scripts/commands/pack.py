"""Commands for those who write packs: pack check, pack sign."""

import os
import tempfile
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from app.errors import Invalid
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
from personalities.loading import CHECKSUMS, draft, load_pack
from personalities.names import SPARE
from personalities.pack import MAX_DOCUMENT_BYTES
from personalities.reading import locate
from personalities.rules import rule
from scripts.output import Json, Result, command

pack = typer.Typer(no_args_is_help=True, help="Check and sign the packs that personalities are born of.")

SAMPLE_SEED = bytes(range(32))
"""Checks are repeatable: always births of this seed."""
SAMPLE_DOCUMENTS = 3
_PROBLEMS_SHOWN = 20

Folder = Annotated[str, typer.Argument(help="The pack's folder, or the name of a packaged pack.")]


@pack.command("check")
@command(lambda result: _show(result))
def check(
    folder: Folder,
    births: Annotated[int, typer.Option(min=1, max=100_000, help="How many sample births to write and judge.")] = 200,
    supply: Annotated[int, typer.Option(min=1, max=1 << 20, help="Size of the collection the pack is for.")] = 10_000,
    as_json: Json = False,
) -> Result:
    """Load a pack as the service would, write sample births, and judge them. Changes nothing.

    Exit code 1 when the pack cannot be loaded or a sample breaks a rule; the report then says which."""
    try:
        # A folder may have the name of no packaged pack and still look like one.
        report = _report(load_pack(folder if locate(folder).is_dir() else Path(folder)), births, supply)
    except PackError as problem:
        raise Invalid(str(problem), hint="Nothing was changed. docs/packs.md says how a pack is written.") from None
    if report["problems"] and not as_json:
        _show(report)
    _require_clean(report)
    return report


@pack.command("sign")
@command(lambda result: _show(result))
def sign(
    folder: Annotated[Path, typer.Argument(help="The pack's folder.")],
    births: Annotated[int, typer.Option(min=1, max=100_000, help="How many sample births to write and judge.")] = 50,
    supply: Annotated[int, typer.Option(min=1, max=1 << 20, help="Size of the collection the pack is for.")] = 10_000,
    as_json: Json = False,
) -> Result:
    """Write CHECKSUMS, once everything else in the pack is in order. A signed version must never change again."""
    try:
        loaded, listed = draft(folder)
        report = _report(loaded, births, supply)
    except PackError as problem:
        raise Invalid(str(problem), hint="CHECKSUMS was not touched.") from None
    _require_clean(report)
    _write(Path(str(locate(folder))) / CHECKSUMS, listed)
    return {**report, "signed": True}


def _report(loaded: Pack, births: int, supply: int) -> dict[str, Any]:
    if loaded.names.size < SPARE * supply:
        raise PackError(
            f"names.toml: {loaded.names.size} names are too few for a supply of {supply}; {SPARE * supply} are needed"
        )
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
        "names": {"space": loaded.names.size, "supply": supply, "largest_supply": loaded.names.size // SPARE},
        "document_bytes": {"largest_sample": max(sizes), "bound": longest_document(loaded), "cap": MAX_DOCUMENT_BYTES},
        "births": births,
        "violations": dict(by_rule),
        "broken_documents": broken,
        "problems": problems,
        "samples": samples,
    }


def _require_clean(report: Result) -> None:
    if not report["problems"]:
        return
    first = report["problems"][0]
    raise Invalid(
        f"{report['broken_documents']} of {report['births']} sample births break a rule; the first is token "
        f"{first['token']}, {first['section']}: {first['what']}",
        hint=f"{first['fix']} Nothing was changed.",
    )


def _write(file: Path, text: str) -> None:
    """Whole or not at all, and never through a link."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".checksums-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except OSError as problem:
        Path(name).unlink(missing_ok=True)
        raise Invalid(f"{CHECKSUMS} cannot be written: {problem.strerror}") from None


def _show(result: Result) -> None:
    counts, names, sizes = result["counts"], result["names"], result["document_bytes"]
    for sample in result["samples"]:
        print(sample["document"])
    signals = ", ".join(f"{title} ({count})" for title, count in counts["signals"].items())
    print(f"pack        {result['pack']}  {result['hash']}")
    print(f"signals     {signals}")
    print(f"words       {counts['banks']} banks with {counts['lines']} lines, {counts['exchanges']} exchanges")
    print(f"names       {names['space']}, enough for a supply of {names['largest_supply']}")
    print(f"documents   {sizes['largest_sample']} bytes in the sample, {sizes['bound']} at worst, cap {sizes['cap']}")
    print(f"births      {result['births']} written and judged, {result['broken_documents']} broken")
    for problem in result["problems"]:
        print(f"  token {problem['token']}, {problem['section']}: {problem['what']}")
    if result.get("signed"):
        print(f"signed      {CHECKSUMS} is written; a change to any word needs a new version and a new signature")
