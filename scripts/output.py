"""How commands speak: results on stdout, progress and problems on stderr, one JSON object with `--json`."""

import functools
import json
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ParamSpec

import typer
from rich.console import Console
from rich.text import Text

from app.errors import ConfigurationError, DnftError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; change nothing.")]

Parameters = ParamSpec("Parameters")
Result = Mapping[str, Any]

progress = Console(stderr=True, highlight=False)
"""Where progress goes."""


def command(
    show: Callable[[Result], None],
) -> Callable[[Callable[Parameters, Result | None]], Callable[Parameters, None]]:
    """Turn a function that returns its result into a command: prints it with `show`, or as `{"ok": true, "data": …}`;
    an error as one sentence with its hint, or as `{"ok": false, "error": …}`, and exit code 1 (2 for bad usage).
    Such a function takes `as_json` among its options. None means it has shown everything itself."""

    def wrap(function: Callable[Parameters, Result | None]) -> Callable[Parameters, None]:
        @functools.wraps(function)
        def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
            as_json = bool(kwargs.get("as_json"))
            try:
                result = function(*args, **kwargs)
            except DnftError as error:
                fail(error, as_json)
            except KeyboardInterrupt:
                progress.print("[yellow]Interrupted.[/] Running it again goes on where it stopped.")
                raise typer.Exit(130) from None
            else:
                if result is None:
                    return
                if as_json:
                    print_json({"ok": True, "data": result})
                else:
                    show(result)

        return run

    return wrap


def fail(error: DnftError, as_json: bool) -> None:
    """Say what went wrong and end the command."""
    if as_json:
        print_json({"ok": False, "error": {"code": error.code, "message": error.message, "hint": error.hint}})
    else:
        problems = error.problems if isinstance(error, ConfigurationError) else error.message.splitlines()
        # Read by a program or kept in a file, a sentence must stay one line.
        whole = not progress.is_terminal
        for problem in problems:
            progress.print(Text.assemble(("✗ ", "bold red"), problem), soft_wrap=whole)
        if error.hint:
            progress.print(Text(f"  {error.hint}"), soft_wrap=whole)
    raise typer.Exit(2 if error.status == 400 else 1) from None


def print_json(value: Mapping[str, Any]) -> None:
    json.dump(value, sys.stdout, ensure_ascii=False, default=str)
    sys.stdout.write("\n")


def show_pairs(result: Result) -> None:
    """One `name  value` line a member."""
    width = max((len(name) for name in result), default=0)
    for name, value in result.items():
        print(f"{name:<{width}}  {value}")
