"""`dnft check URL`: holds a live token or contract URI against the rules of marketplaces, wallets and indexers.

Run as `python -m scripts.check docs/consumers.md`, it writes the table of rules into that file.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.adapters.observer_http import HttpxObserver
from app.consumers.evaluation import ORDER, Report, Row, Verdict, evaluate
from app.consumers.observing import observe
from app.consumers.rules import chosen
from app.consumers.table import with_table
from app.errors import DnftError, Invalid, Unavailable

PASSED, FAILED, NOT_CHECKED = 0, 1, 2
_STYLES: dict[Verdict, str] = {
    "pass": "green", "info": "cyan", "warn": "yellow", "fail": "bold red", "not-applicable": "dim"
}  # fmt: skip


class Unreachable(Unavailable):
    """Nothing answered at the URL."""

    code, title = "unreachable", "The URL does not answer"


def command(
    url: Annotated[str, typer.Argument(help="Token URI or contract URI: http(s), or ipfs:// with --gateway.")],
    consumer: Annotated[
        list[str] | None, typer.Option("--consumer", "-c", help="Only this consumer; may be repeated.")
    ] = None,
    gateway: Annotated[str, typer.Option(help="Root of an IPFS gateway (https://host), for ipfs:// URLs.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Check a token's JSON and media against the rules of each marketplace, wallet and indexer."""
    raise typer.Exit(check(url, consumer or None, gateway, as_json))


def check(url: str, consumers: Iterable[str] | None, ipfs_gateway: str, json_output: bool) -> int:
    """Look, judge, print. 0: nothing fails; 1: a rule fails; 2: bad usage, or nothing answers at the URL."""
    try:
        report = _report(url, consumers, ipfs_gateway)
    except DnftError as error:
        if json_output:
            _print_json({"ok": False, "error": {"code": error.code, "message": error.message, "hint": error.hint}})
        else:
            Console(stderr=True).print(Text(f"{error.message}\n{error.hint}".strip(), style="red"))
        return NOT_CHECKED
    if json_output:
        _print_json({"ok": True, "data": report.to_json()})
    else:
        _print_report(report, Console())
    return PASSED if report.passed else FAILED


def _report(url: str, names: Iterable[str] | None, gateway: str) -> Report:
    names = None if names is None else list(names)
    chosen(names)  # an unknown name is told before anything is fetched
    _demand(url, {"http", "https", "ipfs"}, "the URL", "Give the token's URI as the contract returns it.")
    if gateway:
        _demand(gateway, {"http", "https"}, "the gateway", "Give its root, such as https://ipfs.io.")
    elif url.startswith("ipfs://"):
        raise Invalid("an ipfs:// URL is read through a gateway", hint="Name one with --gateway https://host.")
    with Console(stderr=True).status("asking …"):
        observation = observe(url, HttpxObserver(), gateway=gateway)
    if observation.get.status == 0:
        raise Unreachable(f"{url} does not answer: {observation.get.error}", hint="Check the address and the network.")
    return evaluate(observation, names)


def _demand(url: str, schemes: set[str], what: str, hint: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in schemes and bool(parts.netloc) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good:
        raise Invalid(f"{what} is not an absolute {', '.join(sorted(schemes))} URL without credentials", hint=hint)


def _print_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")


def _print_report(report: Report, console: Console) -> None:
    console.print(Text(f"{report.url}"))
    for name, rows in report.by_consumer().items():
        console.print(_consumer_table(name, rows))
        console.print()
    counts = report.counts()
    line = ", ".join(f"{counts[verdict]} {verdict}" for verdict in reversed(ORDER) if counts[verdict])
    console.print(Text(line, style=_STYLES[report.worst]))


def _consumer_table(name: str, rows: tuple[Row, ...]) -> Table:
    """What failed comes first and with reasons; rules that do not apply are counted only."""
    shown = [row for row in rows if row.verdict != "not-applicable"]
    apart = len(rows) - len(shown)
    note = f"{apart} of {len(rows)} rules do not apply" if shown else f"does not apply: {rows[0].seen}"
    table = Table(
        title=Text(name, style="bold"),
        title_justify="left",
        caption=Text(note) if apart else None,
        caption_justify="left",
        show_header=False,
        show_edge=False,
        box=None,
        pad_edge=False,
    )
    for _ in range(3):
        table.add_column(overflow="fold")
    for row in sorted(shown, key=lambda one: -ORDER.index(one.verdict)):
        what = Text(row.title)
        if row.verdict != "pass":
            what.append(f"\n{row.why}\n{row.fix}", style="dim")
            what.append(f"\n{row.rule}, § {row.section}", style="dim italic")
        # Text, not markup: what was seen is foreign.
        table.add_row(Text(row.verdict, style=_STYLES[row.verdict]), what, Text(row.seen, style="dim"))
    return table


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text("utf-8")), "utf-8")
