"""`dnft costs`: what the talk of the project costs."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.services.costs import MOST_DAYS
from scripts.commands.collections import open_world
from scripts.output import Json, Result, command


def dollars(micro: int) -> str:
    """Micro-USD as text, exact: 1234567 is $1.234567."""
    return f"${micro // 1_000_000:,}.{micro % 1_000_000:06}"


def _show(result: Result) -> None:
    console = Console(highlight=False)
    total, month, budget = result["total"], result["month"], result["budget"]
    where = f"{result['project']}/{result['collection']}" if result["collection"] else result["project"]
    spent = dollars(total["costMicro"])
    console.print(Text(f"{where}, {result['firstDay']} to {result['lastDay']}: {spent} for {total['replies']} replies"))
    for member, heading in _TABLES:
        rows = result[member]
        if rows:
            console.print(_table(rows, heading))
    basis = f"mean of {month['basisDays']} whole days" if month["basisDays"] else "as today"
    console.print(
        f"This month: {dollars(month['spentMicro'])}, by its end {dollars(month['forecastMicro'])} ({basis}: "
        f"{dollars(month['meanDayMicro'])} a day)."
    )
    if budget["ours"] is not None:
        ours = budget["ours"]
        console.print(f"Left today: {dollars(ours['remainingMicro'])} of {dollars(ours['limitMicro'])}.")
    if budget["platform"] is not None:
        its = budget["platform"]
        warning = " [yellow]nearly spent[/]" if its["warning"] else ""
        left, limit = dollars(its["remainingMicro"]), dollars(its["limitMicro"])
        console.print(f"Left at the platform this month: {left} of {limit}.{warning}")
    else:
        console.print(Text(f"Left at the platform: not known. {budget['platformSays']}"))


_TABLES = (
    ("byDay", "day"),
    ("byToken", "agent"),
    ("byPool", "pool"),
    ("byTask", "task"),
    ("byModel", "model"),
)


def _table(rows: list[dict[str, Any]], member: str) -> Table:
    table = Table(member.capitalize(), "Replies", "Tokens in", "Tokens out", "Cost")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        name = Text(row[member] or "not known", overflow="fold")
        counts = (f"{row[each]:,}" for each in ("replies", "promptTokens", "completionTokens"))
        table.add_row(name, *counts, dollars(row["costMicro"]))
    return table


@command(_show)
def costs(
    collection: Annotated[str | None, typer.Option(help="Only this collection, by its name in commands.")] = None,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="Days up to today, UTC.")] = 30,
    as_json: Json = False,
) -> Result:
    """Show what talking costs by day, agent, pool, task and model, what is left, and where the month is going."""
    world = open_world()
    try:
        return world.costs.report(world.settings.project, collection=collection, days=days).to_json()
    finally:
        world.close()
