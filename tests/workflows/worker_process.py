"""A worker as a process of its own, with settings from DNFT_*: `python -m tests.workflows.worker_process [LEASE]`."""

import signal
import sys
import threading

from app.bootstrap import World
from app.db.migrate import migrate
from app.logs import configure
from app.settings import load
from app.workflows.worker import LEASE, Worker

if __name__ == "__main__":
    settings = load()
    configure("info", "console")
    world = World(settings)
    migrate(world.database)
    lease = int(sys.argv[1]) if len(sys.argv) > 1 else LEASE
    worker = Worker(world, lease=lease, renew=lease / 5)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    worker.start()
    print(f"ready {worker.executor_id}", flush=True)
    stopping.wait()
    worker.stop(wait_seconds=1)
    print("stopped", flush=True)
