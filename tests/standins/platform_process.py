"""Starts the stand-in platform as a process of its own: `python -m tests.standins.platform_process '{"port": 0, …}'`.

The argument is a JSON object of options, by the names of `Options`; communities are objects too. `clock` may name a
file with seconds by which the wall clock is ahead.
"""

import json
import os
import sys
import time
from pathlib import Path

from app.standins.platform.options import Community, Options
from app.standins.platform.server import run


def main(argument: str) -> None:
    fields = {"port": 0} | json.loads(argument)
    clock = fields.pop("clock", None)
    if "communities" in fields:
        fields["communities"] = tuple(Community(**each) for each in fields["communities"])

    def now() -> float:
        return time.time() + (float(Path(clock).read_text()) if clock else 0.0)

    run(Options(**fields), now=now, entropy=os.urandom)


if __name__ == "__main__":
    main(sys.argv[1])
