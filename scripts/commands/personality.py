"""Commands about personalities themselves: personality show, sample, evaluate. They need no collection and no server:
a birth is a function of a seed, a supply, a token id and a pack."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.errors import Invalid
from personalities import (
    DIALS,
    Pack,
    PackError,
    Personality,
    band_word,
    bands,
    beauvoir,
    birth,
    description,
    introduction,
)
from personalities.behaviour import dial_block
from personalities.measures import Evaluation, evaluate
from personalities.prompt import system_prompt
from personalities.routing import TIERS, preferences, routes
from personalities.rules import violations
from scripts.bench.birth import SEED, checked_pack
from scripts.evaluation_page import page
from scripts.output import Json, Result, command, print_json, progress

personality = typer.Typer(no_args_is_help=True, help="Who a token is, before and without any collection.")

PackName = Annotated[str, typer.Option("--pack", help="Name of a packaged pack, or the path of a folder.")]
Supply = Annotated[int, typer.Option(help="Size of the collection.", min=1, max=1 << 20)]
Seed = Annotated[str, typer.Option(help="Collection seed, 64 hex digits.")]
_SEED = SEED.hex()
_CHECK = "Check id, supply and seed."
_SMALLER = "Name a smaller collection (`--supply`, or `--tokens` to evaluate), or add words to the pack's name banks."
_WIDE = 200
"""Columns of a table that no terminal shows."""


def _show(result: Result) -> None:
    shown = result.get("prompt") or result["document"]
    sys.stdout.write(shown if shown.endswith("\n") else shown + "\n")


def _show_sample(result: Result) -> None:
    for agent in result["agents"]:
        print(f"{agent['token']:>7}  {agent['name']}\n         {agent['description']}\n")


@personality.command("show")
@command(_show)
def show(
    token: Annotated[int, typer.Argument(metavar="ID", help="Token id.", min=0)],
    pack: PackName = "dixie",
    supply: Supply = 10_000,
    seed: Seed = _SEED,
    prompt: Annotated[bool, typer.Option("--prompt", help="The instructions a chat model gets, instead.")] = False,
    tier: Annotated[str, typer.Option(help=f"Plan for the routing: {', '.join(TIERS)}.")] = "enterprise",
    as_json: Json = False,
) -> Result:
    """Show one agent's BEAUVOIR.md; with --json everything that was born."""
    if tier not in TIERS:
        raise Invalid(f"There is no plan {tier!r}.", hint=f"Plans are {', '.join(TIERS)}.")
    loaded = checked_pack(pack)
    p = _born(token, supply, seed, loaded)
    document = beauvoir(p, loaded)
    liking = preferences(p.dials)
    return {
        **_summary(p, loaded),
        "introduction": introduction(p, loaded),
        "slots": {slot.id: slot.options[number].label for slot, number in zip(loaded.slots, p.slots, strict=True)},
        "dials": dict(zip(DIALS, p.dials, strict=True)),
        "seed": p.seed,
        "pack": p.pack,
        "pack_hash": p.pack_hash,
        "document": document,
        "broken_rules": _sentences(p, document, loaded),
        "routing": {task: {"pool": each.pool, "reason": each.reason} for task, each in routes(p.dials, tier).items()},
        "preferences": {"temperature_hundredths": liking.temperature, "max_tokens": liking.max_tokens},
        "prompt": system_prompt(p, document, p.dials) if prompt else None,
        "reminder": dial_block(p.dials),
    }


@personality.command("sample")
@command(_show_sample)
def sample(
    count: Annotated[int, typer.Option(help="How many agents.", min=1, max=1000)] = 12,
    pack: PackName = "dixie",
    supply: Supply = 10_000,
    seed: Seed = _SEED,
    as_json: Json = False,
) -> Result:
    """Show names and descriptions of agents from all over a collection."""
    loaded = checked_pack(pack)
    some = min(count, supply)
    return {
        "agents": [_summary(_born(at * supply // some, supply, seed, loaded), loaded) for at in range(some)],
        "pack": loaded.id,
    }


@personality.command("evaluate")
@command(lambda _: None)
def evaluate_command(
    tokens: Annotated[
        int, typer.Option(help="How many agents, which is also the supply.", min=2, max=1 << 20)
    ] = 10_000,
    pack: PackName = "dixie",
    seed: Seed = _SEED,
    out: Annotated[Path | None, typer.Option(help="Also write an HTML page with plots and the closest pairs.")] = None,
    as_json: Json = False,
) -> Result | None:
    """Measure a whole collection against its targets: distance, names, likeness, boilerplate, rules, reading.

    Exit code 0: all targets are met that so many agents can be judged by. 1: one is missed. 2: nothing could be
    measured."""
    loaded = checked_pack(pack)
    if out is not None and not out.parent.is_dir():
        raise Invalid(f"The folder of {out} does not exist.", hint="Make it first, or name another file.")
    columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    births: list[Personality] = []
    documents: list[str] = []
    try:
        with Progress(*columns, console=progress) as bar:
            tick = _ticker(bar, tokens)
            for token in range(tokens):
                births.append(_born(token, tokens, seed, loaded))
                documents.append(beauvoir(births[-1], loaded))
                tick("births", token + 1)
            found = evaluate(births, documents, lambda p, document: _sentences(p, document, loaded), tick)
    except KeyboardInterrupt:
        progress.print("[yellow]Interrupted.[/] Nothing was written.")
        raise typer.Exit(130) from None
    if out is not None:
        again = f"dnft personality evaluate --tokens {tokens} --pack {pack} --seed {seed} --out {out.name}"
        out.write_text(page(found, births, documents, again), encoding="utf-8")
    result = _report(found, births, loaded, seed, out)
    if as_json:
        print_json({"ok": True, "data": result})
    else:
        _show_report(result)
    raise typer.Exit(0 if found.passed else 1)


def _born(token: int, supply: int, seed: str, pack: Pack) -> Personality:
    try:
        return birth(bytes.fromhex(seed), supply, token, pack)
    except ValueError as problem:
        hint = _SMALLER if isinstance(problem, PackError) else _CHECK
        raise Invalid(f"No agent can be born of this: {problem}.", hint=hint) from None


def _summary(p: Personality, pack: Pack) -> dict[str, Any]:
    words = [band_word(at, number) for at, number in enumerate(bands(p.dials))]
    return {
        "token": p.token_id,
        "name": p.name,
        "description": description(p, pack),
        "signals": dict(p.signals),
        "bands": dict(zip(DIALS, words, strict=True)),
    }


def _sentences(p: Personality, document: str, pack: Pack) -> list[str]:
    return [f"{each.rule} in {each.where}: {each.found}" for each in violations(document, pack, p)]


def _ticker(bar: Progress, total: int) -> Callable[[str, int], None]:
    tasks: dict[str, Any] = {}

    def tick(stage: str, done: int) -> None:
        if stage not in tasks:
            tasks[stage] = bar.add_task(stage, total=total)
        if done % 50 == 0 or done == total:
            bar.update(tasks[stage], completed=done)

    return tick


def _report(
    found: Evaluation, births: Sequence[Personality], pack: Pack, seed: str, out: Path | None
) -> dict[str, Any]:
    measures = [
        {
            "id": each.id,
            "title": each.title,
            "value": each.value,
            "shown": each.shown,
            "unit": each.unit,
            "target": each.target or None,
            "passed": each.passed,
            "detail": each.detail,
        }
        for each in found.measures
    ]
    pairs = [
        {
            "jaccard": round(like.pair.jaccard, 4),
            "tokens": [births[like.pair.left].token_id, births[like.pair.right].token_id],
            "names": [births[like.pair.left].name, births[like.pair.right].name],
        }
        for like in found.pairs
    ]
    return {
        "pack": pack.id,
        "pack_hash": pack.hash,
        "tokens": len(births),
        "seed": seed,
        "passed": found.passed,
        "measures": measures,
        "pairs": pairs,
        "broken": [{"token": births[at].token_id, "rule": sentence} for at, sentence in found.broken],
        "page": None if out is None else str(out),
    }


def _show_report(result: Result) -> None:
    console = Console() if sys.stdout.isatty() else Console(width=_WIDE)
    table = Table(title=f"{result['tokens']:,} agents of {result['pack']}", title_justify="left")
    for heading in ("", "measure", "found", "target", ""):
        table.add_column(heading, justify="right" if heading == "found" else "left")
    signs = {True: "[green]✓[/]", False: "[bold red]✗[/]", None: "[yellow]?[/]"}
    for each in result["measures"]:
        unit = f"{each['unit']}; {each['detail']}" if each["detail"] else each["unit"]
        sign = signs[each["passed"]] if each["target"] else ""
        table.add_row(sign, each["title"], each["shown"], each["target"] or "", unit)
    console.print(table)
    for each in result["broken"][:10]:
        console.print(f"token {each['token']}: {each['rule']}", markup=False)
    if result["page"]:
        console.print(f"Page: {result['page']}", markup=False)
