"""Where long pure calculations run: in this thread, or in processes of our own."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Final, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_LOOK: Final = 1.0
"""Seconds between two looks at whether the parent still lives."""


class InlineWorkshop:
    """Runs everything at once, here."""

    lanes = 1

    def run(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        return function(*args, **kwargs)

    def close(self) -> None:
        pass


class ProcessWorkshop:
    """Runs in `lanes` processes, started when the first call comes. One that dies takes its calculation with it; the
    pool is made anew and the calculation repeated once, for it is pure."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def run(
        self, function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Result:
        pool = self._ready()
        try:
            return pool.submit(function, *args, **kwargs).result()
        except BrokenProcessPool:
            return self._ready(instead_of=pool).submit(function, *args, **kwargs).result()

    def close(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(cancel_futures=True)

    def _ready(self, instead_of: ProcessPoolExecutor | None = None) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None or self._pool is instead_of:
                # Spawned, not forked: this process has threads and open connections.
                context = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(self.lanes, context, initializer=_follow, initargs=(os.getpid(),))
            return self._pool


def _follow(parent: int) -> None:
    """End this process when its parent is gone: a killed parent cannot say goodbye."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()
