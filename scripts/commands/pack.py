"""Commands for those who write packs: pack copy, facets, check, sign, keep."""

import os
import re
import shutil
import tempfile
from dataclasses import asdict
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

import typer

from app.errors import Conflict, Invalid
from personalities import PackError
from personalities.demands import demands
from personalities.loading import CHECKSUMS, check_signature, draft, ignored, meant_pack, sources
from personalities.reading import contents, locate
from scripts.commands.collections import open_world
from scripts.output import Json, Result, command, show_pairs
from scripts.pack_report import report, show_report

pack = typer.Typer(no_args_is_help=True, help="Write, check, sign and keep the packs that personalities are born of.")

_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_LINE = 116
"""Characters of a line of pack.toml."""

Folder = Annotated[str, typer.Argument(help="Name of a packaged pack, or the path of a folder.")]
Births = Annotated[int, typer.Option(min=1, max=100_000, help="How many sample births to write and judge.")]
Supply = Annotated[int, typer.Option(min=1, max=1 << 20, help="Size of the collection the pack is for.")]


@pack.command("check")
@command(show_report)
def check(folder: Folder, births: Births = 200, supply: Supply = 10_000, as_json: Json = False) -> Result:
    """Load a pack as the service would, write sample births, and judge them; CHECKSUMS comes last. Changes nothing.

    Exit code 2 when the pack cannot be loaded, a sample breaks a rule, or CHECKSUMS does not match; the report says
    which."""
    found = meant_pack(folder)
    try:
        loaded, listed = draft(found)
        result = report(loaded, births, supply, ignored(locate(found)))
    except PackError as problem:
        raise Invalid(str(problem), hint="Nothing was changed. docs/packs.md says how a pack is written.") from None
    try:
        check_signature(found, listed)
    except PackError as problem:
        unsigned = str(problem)
    else:
        unsigned = ""
    if (result["problems"] or unsigned) and not as_json:
        show_report(result)
    _require_clean(result)
    if unsigned:
        raise Invalid(unsigned, hint="Everything else is in order. Nothing was changed.")
    return result


@pack.command("sign")
@command(show_report)
def sign(
    folder: Annotated[Path, typer.Argument(help="The pack's folder.")],
    births: Births = 50,
    supply: Supply = 10_000,
    as_json: Json = False,
) -> Result:
    """Write CHECKSUMS, once everything else in the pack is in order. A version that a collection was born of must never
    change again; until then it may be signed anew."""
    try:
        loaded, listed = draft(folder)
        result = report(loaded, births, supply, ignored(locate(folder)))
    except PackError as problem:
        raise Invalid(str(problem), hint="CHECKSUMS was not touched.") from None
    _require_clean(result)
    _write(Path(str(locate(folder))) / CHECKSUMS, listed)
    return {**result, "signed": True}


@pack.command("facets")
@command(lambda result: _show_facets(result))
def facets(folder: Folder, as_json: Json = False) -> Result:
    """List the facets that a pack's lines ask of its slots and signals, and which files ask. The pack need not be
    complete, so this can be run from the first file on."""
    try:
        found = demands(contents(locate(meant_pack(folder))))
    except PackError as problem:
        raise Invalid(str(problem), hint="Files must at least be readable TOML.") from None
    return {"facets": [asdict(each) for each in found], "missing": sum(not each.met for each in found)}


@pack.command("copy")
@command(lambda result: _show_copy(result))
def copy(
    source: Folder,
    folder: Annotated[Path, typer.Argument(help="The new pack's folder, which must not exist yet.", metavar="DIR")],
    name: Annotated[str | None, typer.Option(help="The new pack's name; default: that of its folder.")] = None,
    as_json: Json = False,
) -> Result:
    """Copy a pack into a new folder, with the files it includes and a name of its own, ready to be edited and signed.

    The copy starts at version 0.1.0."""
    named = name or Path(os.path.abspath(folder)).name
    if not _NAME.fullmatch(named):
        raise Invalid(f"{named!r} cannot be the name of a pack.", hint="Lower-case letters, digits, hyphens: `--name`.")
    place = locate(meant_pack(source))
    try:
        head, files = contents(place).get("pack.toml", {}), sources(place)
    except PackError as problem:
        raise Invalid(str(problem), hint="Nothing was written.") from None
    if head.get("name") == named:
        raise Invalid(f"The pack that is copied is named {named!r} too.", hint="Give the copy a name with `--name`.")
    if folder.exists() or folder.is_symlink():
        raise Conflict(f"{folder} exists already.", hint="Name a new folder; nothing was written.")
    _write_copy(folder, named, head, files)
    return {
        "pack": f"{named}@0.1.0",
        "copied from": f"{head.get('name')}@{head.get('version')}",
        "folder": str(folder),
        "files": sorted(files),
    }


@pack.command("keep")
@command(show_pairs)
def keep(folder: Folder, as_json: Json = False) -> Result:
    """Keep a signed pack in the database, for collections that are born of this version. Births of theirs go on with
    it, whatever pack is installed. Keeping it again changes nothing."""
    try:
        kept = open_world().packs.keep(meant_pack(folder))
    except PackError as problem:
        raise Invalid(str(problem), hint="Nothing was kept.") from None
    return {"pack": kept.pack, "hash": kept.hash}


def _require_clean(result: Result) -> None:
    if not result["problems"]:
        return
    first = result["problems"][0]
    raise Invalid(
        f"{result['broken_documents']} of {result['births']} sample births break a rule; the first is token "
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


def _write_copy(folder: Path, name: str, head: dict[str, Any], files: dict[str, Traversable]) -> None:
    """The whole folder or nothing."""
    try:
        draft_folder = Path(tempfile.mkdtemp(dir=folder.absolute().parent, prefix=".pack-"))
    except OSError as problem:
        raise Invalid(f"{folder} cannot be made: {problem.strerror}.", hint="Make the folder above it first.") from None
    try:
        for file, place in files.items():
            target = draft_folder / file
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(_head(name, head).encode() if file == "pack.toml" else place.read_bytes())
        draft_folder.chmod(0o755)
        draft_folder.rename(folder)
    except OSError as problem:
        shutil.rmtree(draft_folder, ignore_errors=True)
        raise Invalid(f"{folder} cannot be written: {problem.strerror}.", hint="Nothing was written.") from None


def _head(name: str, head: dict[str, Any]) -> str:
    """pack.toml of a copy: everything is its own now, so it includes nothing."""
    lines = [f"# A copy of {head.get('name')}@{head.get('version')}.", f'name = "{name}"', 'version = "0.1.0"']
    for key in ("slots", "signals"):
        ids, line = head.get(key), " "
        lines.append(f"{key} = [")
        for item in ids if isinstance(ids, list) else ():
            if len(line) + len(str(item)) > _LINE:
                lines.append(line)
                line = " "
            line += f' "{item}",'
        lines += [line, "]"]
    return "\n".join(lines) + "\n"


def _show_facets(result: Result) -> None:
    rows = [(each["id"], each["facet"], each["file"] or "?", ", ".join(each["by"])) for each in result["facets"]]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
    for row, each in zip(rows, result["facets"], strict=True):
        cells = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        print(f"{' ' if each['met'] else '✗'} {cells}  asked by {row[3]}")
    print(f"{len(rows)} facets asked for, {result['missing']} missing")


def _show_copy(result: Result) -> None:
    print(f"{result['folder']}: {len(result['files'])} files, {result['pack']}, a copy of {result['copied from']}.")
    print(f"Edit it, and then: dnft pack sign {result['folder']}")
