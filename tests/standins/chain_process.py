"""Starts the embedded chain as a process of its own: `python -m tests.standins.chain_process --data DIR --port P`."""

import argparse
import time
from pathlib import Path

from app.standins.chain.server import run

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    run(options.data, options.port, now=lambda: int(time.time()))
