"""`scripts/demo`: the service on one machine. Starts the embedded chain, the stand-in platform, the worker and the web
server as processes of their own, deploys a collection, gives birth to its agents and mints them. Ctrl-C ends it; the
same data goes on."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Annotated, Any

import typer

from app.errors import Conflict, DnftError, Invalid, Unavailable
from app.pages.demo import FILE as WALLET
from app.settings import EMBEDDED_CHAIN_ID, environment
from app.standins.platform.options import DEV_KEY
from scripts.commands.processes import require_free
from scripts.output import fail, progress

SLUG = "dixie"
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
"""Key of the first published developers' account: worthless, and refused in production."""
HOLDERS = {
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65": "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "0x70997970C51812dc3A010C7d01b50e0d17dc79C8": "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC": "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x90F79bf6EB2c4f870365E785982E1f101E93b906": "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
}
"""More of the published accounts, with their published keys. They take turns, so that the second to fourth own tokens 1
to 3; the first, who owns token 0, comes last in the demo's wallet."""
PATIENCE = 60.0
SETTINGS = """# Written by scripts/demo. Commands with DNFT_DATA set to this folder work on the demo.
env = "demo"
origin = "{origin}"
port = {port}
raw_key = "{key}"
rpc_urls = {{ {chain} = "http://127.0.0.1:{chain_port}" }}
"""
STANDIN = """platform_url = "{url}"
platform_key = "{key}"
platform_tier = "enterprise"
platform_scene = true
"""
MODEL = """model_url = {url}
model_name = {name}
"""


class Ended(Unavailable):
    """A process of the demo stopped by itself."""

    code, title = "ended", "A process of the demo ended"


class Demo:
    """The processes of the demo and the folder they share."""

    def __init__(self, data: Path, port: int, model_url: str = "", model: str = "") -> None:
        """`model_url` and `model` name a language model that is asked instead of the stand-in platform."""
        self.data = data.resolve()
        self.port = port
        self.model_url = model_url
        self.model = model
        self.chain_port = self.platform_port = 0
        self.origin = f"http://127.0.0.1:{port}"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logs = self.data / "logs"

    def configure(self) -> None:
        """Choose free ports and write the settings that every command on this data reads. Data made for another port
        is refused, because its documents carry their links; so is a model that the settings do not take."""
        if bool(self.model_url) != bool(self.model):
            raise Invalid("A model needs both --model-url and --model.")
        note = self.data / "demo.json"
        if note.is_file():
            origin = json.loads(note.read_text(encoding="utf-8"))["origin"]
            if origin != self.origin:
                raise Conflict(
                    f"The data in {self.data.name} was made for {origin}.",
                    hint=f"Use --port {origin.rpartition(':')[2]}, or another folder with --data.",
                )
        require_free("127.0.0.1", self.port)
        self._logs.mkdir(parents=True, exist_ok=True)
        self.chain_port = _free_port(8545)
        values = {"origin": self.origin, "port": self.port, "chain_port": self.chain_port}
        text = SETTINGS.format(**values, key=KEY, chain=EMBEDDED_CHAIN_ID)
        if self.model_url:
            # JSON strings are TOML strings.
            text += MODEL.format(url=json.dumps(self.model_url), name=json.dumps(self.model))
        else:
            self.platform_port = _free_port(8600)
            text += STANDIN.format(url=f"http://127.0.0.1:{self.platform_port}", key=DEV_KEY)
        (self.data / "dnft.toml").write_text(text, encoding="utf-8")
        note.write_text(json.dumps({"origin": self.origin}), encoding="utf-8")
        self._write_wallet()

    def _write_wallet(self) -> None:
        """The accounts of the wallet that the demo's pages offer (EIP-6963)."""
        owners = list(HOLDERS.items())
        accounts = [
            {"address": address, "key": key, "name": f"Holder of agent {(at + 1) % len(owners)}"}
            for at, (address, key) in enumerate([*owners[1:], owners[0]])
        ]
        file = self.data / WALLET
        file.touch(mode=0o600)
        file.write_text(json.dumps(accounts), encoding="utf-8")

    def communities(self) -> Path:
        """Who may ask the stand-in: the demo alone, with money enough for a long evening."""
        file = self.data / "communities.toml"
        community = {"id": "demo", "key": DEV_KEY, "tier": "enterprise"}
        lines = [f"{name} = {json.dumps(value)}" for name, value in community.items()]
        file.write_text("\n".join(["[[community]]", *lines, "monthly_cents = 10000", ""]), encoding="utf-8")
        return file

    def start(self, name: str, *options: str) -> None:
        """Start `dnft NAME` as a process of its own; its output goes to a log file."""
        with (self._logs / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "scripts.dnft", name, *options],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches us alone, and we end them in order
            )

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run a `dnft` command to its end and return its result; its progress is shown."""
        done = subprocess.run(
            [sys.executable, "-m", "scripts.dnft", *arguments, "--json"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=False,
        )
        self.check()
        answer: dict[str, Any] = json.loads(done.stdout or "{}")
        if "data" not in answer:
            said = answer.get("error", {}).get("message", "it said nothing")
            raise Ended(f"`dnft {arguments[0]}` failed: {said}", hint=f"Logs: {self._logs}.")
        data: dict[str, Any] = answer["data"]
        return data

    def check(self) -> None:
        """Raises Ended when a process is gone."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                log = (self._logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")
                raise Ended(f"{name} ended with code {process.returncode}: {log.strip()[-500:]}")

    def wait(self, name: str, url: str) -> None:
        """Until something answers at `url`, whatever it says."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE:
            self.check()
            try:
                with urllib.request.urlopen(url, timeout=2):  # noqa: S310  our own loopback URL
                    return
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise Ended(f"{name} did not answer within {PATIENCE:.0f} s.", hint=f"Logs: {self._logs}.")

    def stop(self) -> None:
        """End everything, the last started first; what does not end in 10 s is killed (nothing is lost by that)."""
        for process in reversed(self._processes.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            if process.poll() is None:
                process.kill()
                process.wait()

    def _environment(self) -> dict[str, str]:
        return environment(DNFT_DATA=str(self.data), DNFT_CONFIG=str(self.data / "dnft.toml"))


def demo(
    tokens: Annotated[int, typer.Option(min=1, max=1000, help="How many agents are born and minted.")] = 12,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web server.")] = 8000,
    data: Annotated[Path, typer.Option(help="Folder for everything the demo keeps.")] = Path(".data/demo"),
    model_url: Annotated[
        str, typer.Option(help="OpenAI-compatible API (…/v1) that speaks, instead of the offline voice.")
    ] = "",
    model: Annotated[str, typer.Option(help="Model there. Its key, if it wants one: DNFT_MODEL_KEY.")] = "",
) -> None:
    """Run the whole service on this machine: chain, agent platform, worker, web server, a minted collection. Ctrl-C
    ends it."""
    running = Demo(data, port, model_url, model)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _start(running, tokens)
        _stay(running)
    except KeyboardInterrupt:
        progress.print("\nstopping …")
    except DnftError as error:
        running.stop()
        fail(error, as_json=False)
    running.stop()
    progress.print("stopped. The same command goes on with the same data.")


def _start(running: Demo, tokens: int) -> None:
    began = time.monotonic()

    def step(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:5.1f} s[/]  {text}")

    running.configure()
    standin = "" if running.model_url else "the stand-in platform, "
    step(f"starting the embedded chain, {standin}the web server and the worker")
    running.start("chain", "--port", str(running.chain_port))
    if standin:
        running.start("platform", "--port", str(running.platform_port), "--communities", str(running.communities()))
    running.start("serve")
    running.wait("chain", f"http://127.0.0.1:{running.chain_port}/")
    running.start("worker")
    found = running.run("deploy", SLUG, "--name", "Dixie Agents", "--symbol", "DIXIE", "--supply", "1000")
    step(f"contract {found['contract']} on chain {found['chain']}")
    receivers = [option for holder in HOLDERS for option in ("--to", holder)]
    while (missing := tokens - int(running.run("status", SLUG)[SLUG]["minted"])) > 0:
        step(f"births and mints of {missing} agents")
        running.run("mint", SLUG, "--count", str(missing), "--again", *receivers)
    running.wait("serve", f"{running.origin}/readyz")
    if standin:
        running.wait("platform", f"http://127.0.0.1:{running.platform_port}/healthz")
    step("[bold green]ready[/]")
    print(f"ready {running.origin}", flush=True)
    progress.print(f"         Agents:   {running.origin}/agents")
    progress.print(f"         Commands: DNFT_DATA={running.data} .venv/bin/dnft --help")
    progress.print("         Ctrl-C ends it.")


def _stay(running: Demo) -> None:
    while True:
        running.check()
        time.sleep(0.5)


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise Conflict("No port is free on 127.0.0.1.")


if __name__ == "__main__":
    typer.run(demo)
