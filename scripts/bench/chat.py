"""How much our service adds to a reply of the platform: time to the first word, gaps between words, many at once.

The stand-in platform is a process of its own, 20 ms from a request to its first word. Asked directly and through our
server in turn, so that both see the same machine; a ratio is of medians within a round, the median over rounds. Our
server has one core; the platform, the chain and the readers share another.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from pydantic import SecretStr

from app.adapters.signature_memory import MemorySignatures
from app.adapters.signer import LocalSigner
from app.bootstrap import World
from app.db.migrate import migrate
from app.errors import Unavailable
from app.identity import Account
from app.ports import Address
from app.provenance.ids import AgentId, checksum_address
from app.services.commits import commit_key
from app.services.deploying import NewCollection, deploy_key
from app.settings import EMBEDDED_CHAIN_ID, Settings, environment
from app.standins.platform.options import DEV_KEY
from scripts.bench.contestants import free_port
from scripts.bench.metadata import machine_of
from scripts.bench.streams import Heard, Reader
from scripts.demonstration import KEY

TURNS: Final = 40
"""Turns of one variant in a round, one after the other."""
MANY: Final = 200
"""Streams at once."""
RAMP_SECONDS: Final = 4.0
PIECE_MS: Final = 15
MANY_PIECE_MS: Final = 250
"""Between words when there are many: each reply lasts longer than the ramp, so that all are under way at once."""
_WORDS: Final = "Tell me who you are, and what became of the lamp that you kept by the window."
_COMMUNITY: Final = f'[[community]]\nid = "bench"\nkey = "{DEV_KEY}"\ntier = "enterprise"\nmonthly_cents = 1000000000\n'


def chat(*, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Run the comparison; the result as described for every benchmark. Raises Unavailable for a stream cut short."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise Unavailable("Two cores are needed: one for the server, one for the rest.", retry_after=None)
    with tempfile.TemporaryDirectory(prefix="dnft-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        chain, quick, slow = free_port(), free_port(), free_port()
        stack.enter_context(_process(folder, "chain", cores[-1], chain, "chain", "--port", str(chain)))
        (folder / "communities.toml").write_text(_COMMUNITY)
        for port, pace in ((quick, PIECE_MS), (slow, MANY_PIECE_MS)):
            options = ["--port", str(port), "--no-limits", "--first-ms", "20", "--piece-ms", str(pace)]
            options += ["--communities", str(folder / "communities.toml")]
            stack.enter_context(_process(folder, f"platform-{pace}", cores[-1], port, "platform", *options))
        say("a town with one agent")
        house = _House(folder, chain)
        stack.callback(house.world.close)
        os.sched_setaffinity(0, {cores[-1]})
        stack.callback(os.sched_setaffinity, 0, set(cores))
        single: dict[str, list[list[Heard]]] = {"direct": [], "ours": []}
        with house.serving(quick, cores[0]) as port:
            for number in range(rounds + 1):
                say(f"round {number} of {rounds}" if number else "warming up")
                for variant in ("direct", "ours"):
                    heard = asyncio.run(house.one_by_one(variant, quick if variant == "direct" else port, number))
                    if number:
                        single[variant].append(heard)
        many: dict[str, tuple[list[Heard], float]] = {}
        with house.serving(slow, cores[0]) as port:
            for variant in ("direct", "ours"):
                say(f"{MANY} at once, {variant}")
                many[variant] = asyncio.run(house.at_once(variant, slow if variant == "direct" else port))
        rows = _rows(single, many)
        return {"name": "chat", "rows": rows, "ratios": _ratios(single, many), "machine": machine_of(cores)}


class _House:
    """A world with one agent, and readers that are signed in."""

    def __init__(self, folder: Path, chain: int) -> None:
        self._folder = folder
        self._url = f"http://127.0.0.1:{chain}"
        signatures = MemorySignatures()
        settings = Settings.model_validate(
            {"data": folder / "data", "rpc_urls": {EMBEDDED_CHAIN_ID: SecretStr(self._url)}}
        )
        self.world = World(settings, signer=LocalSigner(bytes.fromhex(KEY[2:])), signatures=signatures)
        migrate(self.world.database)
        self.agent = self._settle()
        self.tokens = []
        for number in range(1, MANY + 1):
            account = Account(EMBEDDED_CHAIN_ID, Address(checksum_address(f"0x{number:040x}")))
            signatures.deploy(account, lambda digest, signature: True)
            message = self.world.sessions.challenge(account.address, account.chain_id).message
            self.tokens.append(self.world.sessions.sign_in(message, "0x00").token)
        self._talks: dict[int, str] = {}

    def _settle(self) -> AgentId:
        world = self.world
        project, sender = world.project_id(), world.signer.address
        wanted = NewCollection(
            slug="bench",
            name="Bench",
            symbol="BENCH",
            description="",
            supply=4,
            origin=world.settings.origin,
            chain_id=EMBEDDED_CHAIN_ID,
            seed="5e" * 32,
        )
        collection = world.deploying.plan(project, wanted, sender)
        world.transactions(EMBEDDED_CHAIN_ID).carry(project, deploy_key(collection))
        world.deploying.finish(project, collection)
        world.births.make(project, collection, 0, 1)
        world.publishing.publish(project, collection, 0, 1)
        number = world.commits.plan(project, collection, sender)
        assert number is not None
        world.transactions(EMBEDDED_CHAIN_ID).carry(project, commit_key(collection, number))
        world.commits.finish(project, collection, number)
        with world.database.read() as unit:
            contract = checksum_address(unit.collections.get(project, collection).contract or "")
        return AgentId(EMBEDDED_CHAIN_ID, contract, 0)

    @contextmanager
    def serving(self, platform: int, core: int) -> Iterator[int]:
        """`dnft serve` before that platform; its port."""
        port = free_port()
        huge = str(10**15)
        settings = {
            "DNFT_PORT": str(port),
            "DNFT_PLATFORM_URL": f"http://127.0.0.1:{platform}",
            "DNFT_PLATFORM_KEY": DEV_KEY,
            "DNFT_PLATFORM_TIER": "enterprise",
            "DNFT_RPC_URLS": f"{EMBEDDED_CHAIN_ID}={self._url}",
            "DNFT_CHAT_MESSAGES_PER_MINUTE": "100000",
            "DNFT_CHAT_MESSAGES_PER_DAY": "1000000",
            "DNFT_CHAT_TOKEN_MESSAGES_PER_DAY": "1000000",
            "DNFT_CHAT_HOLDER_MICRO_PER_DAY": huge,
            "DNFT_CHAT_TOKEN_MICRO_PER_DAY": huge,
            "DNFT_CHAT_PROJECT_MICRO_PER_DAY": huge,
        }
        with _process(self._folder, f"serve-{port}", core, port, "serve", **settings):
            yield port

    async def one_by_one(self, variant: str, port: int, number: int) -> list[Heard]:
        reader = self._reader(variant, port, 0)
        # A talk of its own for each round: what the model is shown stays about as long.
        talk = self._talk(0)
        heard = [await self._turn(variant, reader, talk, f"{number}-{turn}") for turn in range(TURNS)]
        reader.close()
        return heard

    async def at_once(self, variant: str, port: int) -> tuple[list[Heard], float]:
        """All streams, and the seconds they took together."""
        began = time.perf_counter()
        talks = [self._talk(number) for number in range(MANY)] if variant == "ours" else [""] * MANY

        async def one(number: int) -> Heard:
            await asyncio.sleep(number * RAMP_SECONDS / MANY)
            reader = self._reader(variant, port, number)
            try:
                return await self._turn(variant, reader, talks[number], f"many-{number}")
            finally:
                reader.close()

        began = time.perf_counter()
        heard = await asyncio.gather(*(one(number) for number in range(MANY)))
        return list(heard), time.perf_counter() - began

    def _reader(self, variant: str, port: int, number: int) -> Reader:
        token = DEV_KEY if variant == "direct" else self.tokens[number]
        return Reader("127.0.0.1", port, {"authorization": f"Bearer {token}"})

    async def _turn(self, variant: str, reader: Reader, talk: str, key: str) -> Heard:
        if variant == "ours":
            return await reader.ask(f"/v1/conversations/{talk}/messages", {"content": _WORDS})
        prompt = [{"role": "system", "content": "x" * 8_000}, {"role": "user", "content": _WORDS}]
        body = {"agent": str(self.agent), "messages": prompt}
        return await reader.ask("/api/agents/stream", body, **{"x-idempotency-key": f"direct-{key}"})

    def _talk(self, number: int) -> str:
        """A new conversation of that reader."""
        session = self.world.sessions.authenticate(self.tokens[number])
        return self.world.chat.conversations.start(session.account, self.agent, "1").row.id


@contextmanager
def _process(
    folder: Path, name: str, core: int, port: int, command: str, *options: str, **settings: str
) -> Iterator[None]:
    """A `dnft` command that stays, on one core, until it listens on `port`."""
    (folder / "none.toml").touch()
    log = folder / f"{name}.log"
    given = {
        "DNFT_CONFIG": str(folder / "none.toml"),
        "DNFT_DATA": str(folder / "data"),
        "DNFT_LOG_LEVEL": "error",
        **settings,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.dnft", command, *options],
            env=environment(**given),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=partial(os.sched_setaffinity, 0, {core}),
        )
    try:
        _await(process, port, log)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    import socket

    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Unavailable(f"A process did not start: {log.read_text(errors='replace')[-500:]}")


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _measures(heard: Sequence[Heard]) -> dict[str, float]:
    firsts = [each.first for each in heard]
    gaps = [gap for each in heard for gap in each.gaps] or [0.0]
    return {
        "first word": median(firsts),
        "first word p99": percentile(firsts, 0.99),
        "gap p99": percentile(gaps, 0.99),
    }


def _rows(single: dict[str, list[list[Heard]]], many: dict[str, tuple[list[Heard], float]]) -> list[dict[str, Any]]:
    rows = []
    for variant, rounds in single.items():
        measured = [_measures(heard) for heard in rounds]
        rows += [_row(f"{variant} {name}", [each[name] for each in measured], "ms") for name in measured[0]]
    for variant, (heard, seconds) in many.items():
        for name, value in _measures(heard).items():
            rows.append(_row(f"{variant} {name}, {MANY} at once", [value], "ms"))
        rows.append(_row(f"{variant} {MANY} at once, all", [seconds], "s"))
    return rows


def _row(variant: str, values: Sequence[float], unit: str) -> dict[str, Any]:
    middle, low, high = (round(value, 2) for value in (median(values), min(values), max(values)))
    return {"variant": variant, "median": middle, "min": low, "max": high, "unit": unit}


def _ratios(single: dict[str, list[list[Heard]]], many: dict[str, tuple[list[Heard], float]]) -> dict[str, float]:
    """`first word, of allowed`: ours over 1.1 × direct + 5 ms, so at most 1 is as promised."""
    pairs = [
        (_measures(ours), _measures(direct)) for ours, direct in zip(single["ours"], single["direct"], strict=True)
    ]
    crowd, alone = _measures(many["ours"][0]), _measures(many["direct"][0])
    return {
        "first word ours/direct": round(median(one["first word"] / other["first word"] for one, other in pairs), 3),
        "first word, of allowed": round(
            median(one["first word"] / (1.1 * other["first word"] + 5) for one, other in pairs), 3
        ),
        "gap p99 ours/direct": round(median(one["gap p99"] / other["gap p99"] for one, other in pairs), 3),
        f"gap p99 ours/direct, {MANY} at once": round(crowd["gap p99"] / alone["gap p99"], 3),
        f"first word ours/direct, {MANY} at once": round(crowd["first word"] / alone["first word"], 3),
    }
