"""`dnft platform`: the stand-in platform, a process that stays; `coverage`: what we use of the real one."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.bootstrap import SystemClock, World
from app.errors import ConfigurationError, DnftError, Forbidden, Invalid
from app.settings import load
from app.standins.platform.options import Community, Options, communities_in
from scripts.commands.collections import open_world
from scripts.output import Json, Result, command, progress, show_pairs

_DEFAULT: Final = Options()

platform = typer.Typer(
    name="platform",
    invoke_without_command=True,
    help="Serve the stand-in agent platform on loopback, for developers and the demo.",
)


@platform.callback()
@command(show_pairs)
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Loopback address to listen on.")] = _DEFAULT.host,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = _DEFAULT.port,
    communities: Annotated[Path | None, typer.Option(help="TOML file of who may ask; see docs/platform.md.")] = None,
    issuer: Annotated[str, typer.Option(help="`iss` of the tokens that are accepted.")] = _DEFAULT.issuer,
    audience: Annotated[str, typer.Option(help="`aud` of the tokens that are accepted.")] = _DEFAULT.audience,
    client_keys: Annotated[str, typer.Option(help="URL or file of the JWKS that tokens are checked with.")] = "",
    client_keys_cooldown_seconds: Annotated[
        float, typer.Option(help="Between two looks at it for an unknown key.")
    ] = _DEFAULT.client_keys_cooldown_seconds,
    strict: Annotated[bool, typer.Option(help="Errors of a stream get statuses and error events.")] = False,
    limits: Annotated[bool, typer.Option(help="Rate limits by address and by tier.")] = _DEFAULT.limits,
    heartbeat_seconds: Annotated[
        float, typer.Option(help="Between keep-alive comments in a stream.")
    ] = _DEFAULT.heartbeat_seconds,
    server_id: Annotated[str, typer.Option(help="Event ids become ID:n.")] = "",
    model_url: Annotated[
        str, typer.Option(help="OpenAI-compatible API (…/v1) that speaks instead of the offline voice.")
    ] = "",
    model: Annotated[str, typer.Option(help="Model there. Its key: DNFT_MODEL_KEY.")] = "",
    first_ms: Annotated[float, typer.Option(help="Until the first word of the offline voice.")] = _DEFAULT.first_ms,
    piece_ms: Annotated[float, typer.Option(help="Between its words.")] = _DEFAULT.piece_ms,
    linger_seconds: Annotated[
        float, typer.Option(help="How long a turn goes on after its listener left.")
    ] = _DEFAULT.linger_seconds,
    buffer_events: Annotated[int, typer.Option(help="Events kept of one turn.")] = _DEFAULT.buffer_events,
    buffer_turns: Annotated[int, typer.Option(help="Turns kept, the newest.")] = _DEFAULT.buffer_turns,
    key_overlap_seconds: Annotated[
        float, typer.Option(help="How long the previous signing key stays in the JWKS.")
    ] = _DEFAULT.key_overlap_seconds,
    journal_requests: Annotated[
        int, typer.Option(min=1, help="Requests that /_dev/requests remembers.")
    ] = _DEFAULT.journal_requests,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from app.standins.platform.server import run

    settings = load()
    if settings.env == "production":
        raise Forbidden(
            "The stand-in platform does not run in production.", hint="Set DNFT_PLATFORM_URL to a real platform."
        )
    key = settings.model_key.get_secret_value() if settings.model_key is not None and model_url else ""
    try:
        options = Options(
            host=host,
            port=port,
            communities=_communities(communities),
            issuer=issuer,
            audience=audience,
            client_keys=client_keys,
            client_keys_cooldown_seconds=client_keys_cooldown_seconds,
            strict=strict,
            limits=limits,
            heartbeat_seconds=heartbeat_seconds,
            server_id=server_id,
            model_url=model_url,
            model_key=key,
            model=model,
            first_ms=first_ms,
            piece_ms=piece_ms,
            linger_seconds=linger_seconds,
            buffer_events=buffer_events,
            buffer_turns=buffer_turns,
            key_overlap_seconds=key_overlap_seconds,
            journal_requests=journal_requests,
        )
    except ConfigurationError as error:
        problems = "\n".join(f"{each[0].upper()}{each[1:]}." for each in error.problems)
        raise Invalid(problems, hint="`dnft platform --help` lists the options.") from None
    run(options, now=lambda: SystemClock().now().timestamp(), entropy=World(settings).entropy)


def _communities(file: Path | None) -> tuple[Community, ...]:
    if file is None:
        return tuple(_DEFAULT.communities)
    try:
        return communities_in(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} can't be read: {error}.") from None


def _show_coverage(result: Result) -> None:
    table = Table("", "Capability", "How", "Last", "Answered", "Failed", "Friction")
    for row in result["capabilities"]:
        failed = f"{row['errors']} ({row['lastError']})" if row["lastError"] else str(row["errors"])
        table.add_row(
            "[green]✓[/]" if row["exercised"] else "–",
            Text(f"{row['name']}\n{row['what']}"),
            Text(row["how"]),
            row["lastAt"] or "never",
            str(row["ok"]),
            Text(failed),
            Text(", ".join(link.rpartition("#")[2].upper() for link in row["friction"])),
        )
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{result['exercised']} of {result['of']} exercised. Friction: docs/friction.md.")


@platform.command("coverage")
@command(_show_coverage)
def coverage(
    probe: Annotated[bool, typer.Option("--probe", help="Ask models, budget and health first; costs nothing.")] = False,
    as_json: Json = False,
) -> Result:
    """Show which capabilities of the agent platform were exercised, how, and when last."""
    world = open_world()
    if probe:
        asking = world.platform
        for name, question in (("models", asking.models), ("budget", asking.budget), ("health", asking.health)):
            try:
                question()
            except DnftError as error:
                progress.print(Text(f"{name}: {error.message}"))
        world.settle()
    try:
        return world.coverage.report()
    finally:
        world.close()
