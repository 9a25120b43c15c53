"""Writes the golden files anew: `python -m tests.personalities.write_golden`. Births and documents of collections that
exist must never change, so a difference means a new pack version."""

from personalities import birth
from tests.personalities.test_document import GOLDEN, PACK, SEED, golden, golden_file

if __name__ == "__main__":
    for token in GOLDEN:
        golden_file(token).write_text(golden(birth(SEED, 10_000, token, PACK)), encoding="utf-8")
