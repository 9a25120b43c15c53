"""`dnft`, the command line."""

import typer

from scripts import check
from scripts.commands import bench, collections, costs, doctor, processes
from scripts.commands.erase import erase
from scripts.commands.pack import pack
from scripts.commands.personality import personality
from scripts.commands.platform import platform
from scripts.commands.sessions import sessions
from scripts.commands.versions import add_to
from scripts.commands.wallet import wallet

app = typer.Typer(
    name="dnft",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="NFT agents: births, mints, metadata, and what becomes of them.",
)

app.command("doctor", rich_help_panel="Operate")(doctor.doctor)
app.command("status", rich_help_panel="Operate")(collections.status)
app.command("erase", rich_help_panel="Operate")(erase)
app.command("costs", rich_help_panel="Operate")(costs.costs)
app.command("serve", rich_help_panel="Run")(processes.serve)
app.command("worker", rich_help_panel="Run")(processes.worker)
app.command("chain", rich_help_panel="Develop")(processes.chain)
app.add_typer(platform, name="platform", rich_help_panel="Develop")
app.command("bench", rich_help_panel="Develop")(bench.command)
app.command("deploy", rich_help_panel="Collections")(collections.deploy)
app.command("reveal", rich_help_panel="Collections")(collections.reveal)
app.command("mint", rich_help_panel="Collections")(collections.mint)
app.command("check", rich_help_panel="Collections")(check.command)
app.add_typer(pack, name="pack", rich_help_panel="Develop")
add_to(personality)
app.add_typer(personality, name="personality", rich_help_panel="Develop")
app.add_typer(sessions, name="sessions", rich_help_panel="Operate")
app.add_typer(wallet, name="wallet", rich_help_panel="Operate")


def main() -> None:
    app()


if __name__ == "__main__":
    main()
