"""`dnft bench NAME`: measurements anyone can repeat."""

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.errors import Invalid
from scripts.output import Json, Result, progress
from scripts.output import command as command_of


def _show(result: Result) -> None:
    console = Console()
    table = Table(title=f"{result['name']} on {result['machine']['cpu']}, Python {result['machine']['python']}")
    table.add_column("variant")
    for heading in ("median", "min", "max"):
        table.add_column(heading, justify="right")
    table.add_column("unit")
    for row in result["rows"]:
        numbers = (f"{row[column]:,}" for column in ("median", "min", "max"))
        table.add_row(row["variant"], *numbers, row["unit"])
    console.print(table)
    for name, value in result["ratios"].items():
        console.print(f"{name:<24} {value}")


@command_of(_show)
def command(
    name: Annotated[str, typer.Argument(help="What to measure: metadata, birth or chat.")],
    tokens: Annotated[int, typer.Option(help="How many tokens are asked for.", min=10)] = 10_000,
    rounds: Annotated[int, typer.Option(help="How often each server is measured.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="Seconds of load a measurement.", min=1)] = 4.0,
    pack: Annotated[str, typer.Option(help="Pack of the births.")] = "dixie",
    as_json: Json = False,
) -> Result:
    """Measure, and compare with what others would use."""
    from scripts.bench.birth import run_birth_bench
    from scripts.bench.chat import chat
    from scripts.bench.metadata import metadata

    benches: dict[str, Callable[[], Result]] = {
        "birth": lambda: run_birth_bench(tokens, pack, progress.print),
        "chat": lambda: chat(rounds=rounds, say=progress.print),
        "metadata": lambda: metadata(tokens=tokens, rounds=rounds, seconds=seconds, say=progress.print),
    }
    if name not in benches:
        raise Invalid(f"There is no benchmark called {name}.", hint=f"There are: {', '.join(sorted(benches))}.")
    return benches[name]()
