"""`dnft doctor`: every setting with its meaning, and what is missing with how to fix it."""

import functools
import shutil
from collections.abc import Callable
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.bootstrap import World
from app.db.migrate import current, newest
from app.errors import ConfigurationError, DnftError, PlatformUnavailable
from app.logs import configure
from app.settings import Settings, load
from scripts.output import Json, Result, command


def _show(result: Result) -> None:
    console = Console(highlight=False)
    table = Table("Setting", "Value", "Meaning", title="Settings", title_justify="left")
    for setting in result["settings"]:
        table.add_row(setting["name"], Text(str(setting["value"])), Text(setting["meaning"]))
    console.print(table)
    for check in result["checks"]:
        mark = "[green]✓[/]" if check["ok"] else "[bold red]✗[/]"
        console.print(mark, Text(f"{check['what']}: {check['seen']}"))
        if check["fix"]:
            console.print(Text(f"  → {check['fix']}"))


@command(_show)
def doctor(as_json: Json = False) -> Result:
    """List all settings, look at everything they name, and say what to mend."""
    try:
        settings = load()
    except ConfigurationError as error:
        return {"settings": _settings(None), "checks": [_check("settings", False, each, "") for each in error.problems]}
    configure("error", settings.log_format)  # what is amiss is said below
    world = World(settings)
    checks = [_check("settings", True, "all can be read", "")]
    checks.append(_try("database", lambda: _database(world), "Check DNFT_DATABASE_URL and that the server runs."))
    checks.append(_try("content stores", lambda: _stores(world), "Check DNFT_DATA and DNFT_KUBO_API."))
    checks.append(_try("replicas", lambda: _replicas(world), "Set DNFT_KUBO_API, or DNFT_REPLICAS to what you have."))
    checks += [
        _try(f"chain {chain_id}", functools.partial(_chain, world, chain_id), "Check DNFT_RPC_URLS.")
        for chain_id in settings.rpc_urls
    ]
    if not settings.rpc_urls:
        checks.append(_check("chain", False, "no endpoint", "Set DNFT_RPC_URLS, such as 31337=http://127.0.0.1:8545."))
    checks.append(_try("sender", lambda: world.signer.address, "`dnft wallet new FILE`, then set DNFT_KEYSTORE."))
    if settings.platform_url is None and settings.model_url is None:
        fix = "Set DNFT_PLATFORM_URL, or DNFT_MODEL_URL; `dnft platform` is one to try with."
        checks.append(_check("agent platform", False, "none: agents cannot answer", fix))
    else:
        checks.append(_try("agent platform", lambda: _platform(world), "Check DNFT_PLATFORM_URL and its key."))
    checks.append(_check("purge hook", True, "set" if world.purger.active else "none: shared caches keep 30 s", ""))
    world.settle()
    free = shutil.disk_usage(settings.data if settings.data.exists() else ".").free
    checks.append(_check("disk", free > 1 << 30, f"{free >> 20:,} MiB free", "" if free > 1 << 30 else "Make room."))
    return {"settings": _settings(settings), "checks": checks}


def _settings(settings: Settings | None) -> list[dict[str, str]]:
    rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name) if settings is not None else field.get_default(call_default_factory=True)
        rows.append({"name": f"DNFT_{name.upper()}", "value": _masked(value), "meaning": field.description or ""})
    return rows


def _masked(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, SecretStr):
        return "set, hidden"
    if isinstance(value, dict):
        return ", ".join(f"{key}=…" for key in value) or "–"
    return str(value)


def _check(what: str, ok: bool, seen: str, fix: str) -> dict[str, Any]:
    return {"what": what, "ok": ok, "seen": seen, "fix": fix}


def _try(what: str, look: Callable[[], str], fix: str) -> dict[str, Any]:
    try:
        return _check(what, True, look(), "")
    except DnftError as error:
        return _check(what, False, error.message, error.hint or fix)


def _database(world: World) -> str:
    at, wanted = current(world.database), newest()
    return f"schema {at or 'none'}" + ("" if at == wanted else f", migrates to {wanted} at the next start")


def _stores(world: World) -> str:
    return ", ".join(each.store.name for each in world.replicas.replicas)


def _replicas(world: World) -> str:
    have, wanted = len(world.replicas.replicas), world.replicas.wanted
    if have < wanted:
        raise ConfigurationError([f"{have} of {wanted} wanted"])
    return f"{have} of {wanted} wanted"


def _platform(world: World) -> str:
    health = world.platform.health()
    if not health.healthy:
        away = ", ".join(part for part, well in health.parts.items() if not well)
        raise PlatformUnavailable(f"it answers, but this is down: {away}")
    return f"answers; pools: {', '.join(world.platform.models())}"


def _chain(world: World, chain_id: int) -> str:
    reader = world.chain(chain_id).reader
    if reader.chain_id() != chain_id:
        raise ConfigurationError([f"the node serves chain {reader.chain_id()}"])
    head = reader.block("latest")
    return f"at block {head.number if head else '?'}"
