"""Killing anything at any moment loses nothing and does nothing twice."""

import random
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from app.adapters.chain_web3 import Web3Chain
from app.ports import Address
from tests.service import Service, service

TOKENS = 50
CHAIN = 31337
ZERO = "0x" + "0" * 40


def kill_and_restart(running: Service, kills: int, seed: int) -> list[str]:
    """Mint TOKENS agents while processes are killed at seeded moments; returns what was killed when."""
    chance = random.Random(seed)
    began = time.monotonic()
    done: list[str] = []
    minting = running.command("mint", "first", "--count", str(TOKENS))
    victims = [("worker", "chain", "worker", "serve", "worker")[at % 5] for at in range(kills)]
    chance.shuffle(victims)
    for name in victims:
        time.sleep(chance.uniform(0.2, 3.0))
        done.append(f"{name} at {time.monotonic() - began:.1f} s")
        running.kill(name)
        time.sleep(chance.uniform(0.0, 0.5))
        running.start(name)
    output, _ = minting.communicate(timeout=240)
    assert minting.returncode == 0, f"{output.decode()}\nkilled: {done}\n{running.logs()}"
    return done


def assert_all_there_once(running: Service) -> None:
    status = running.run("status", "first")["first"]
    assert (status["released"], status["minted"]) == (TOKENS, TOKENS), running.logs()
    contract = Address(status["contract"])
    chain = Web3Chain(running.rpc, timeout=10)
    head = chain.block("latest")
    assert head is not None
    mints = Counter(each.token_id for each in chain.transfers(contract, 0, head.number) if each.sender == ZERO)
    assert mints == Counter(range(TOKENS)), "every id is minted exactly once"
    state = chain.collection(contract)
    assert (state.covered, state.minted) == (TOKENS, TOKENS)
    assert state.commit == 1, "one commit covered them"
    base = f"{running.origin}/{CHAIN}/{contract.lower()}"
    with httpx.Client(timeout=10) as client:
        names = set()
        for token_id in range(TOKENS):
            answer = client.get(f"{base}/{token_id}")
            assert answer.status_code == 200
            names.add(answer.json()["name"])
            assert client.head(answer.json()["image"]).status_code == 200
        assert len(names) == TOKENS


@pytest.mark.parametrize("seed", [1])
def test_mint_killed_at_five_points_completes_each_once(tmp_path: Path, seed: int) -> None:
    _run(tmp_path, kills=5, seed=seed)


@pytest.mark.full
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10, 20))
def test_mint_killed_at_ten_points_completes_each_once(tmp_path: Path, seed: int) -> None:
    _run(tmp_path, kills=10, seed=seed)


def _run(folder: Path, *, kills: int, seed: int) -> None:
    with service(folder, "chain", "serve", "worker") as running:
        running.run("deploy", "first", "--name", "Kill Test", "--supply", "200")
        done = kill_and_restart(running, kills, seed)
        print(f"seed {seed}: killed {', '.join(done)}")
        assert_all_there_once(running)
