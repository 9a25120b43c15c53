"""The friction report keeps its form, and every test that it calls as a witness exists."""

import re
from pathlib import Path

import pytest

from app.services.coverage import CAPABILITIES

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/friction.md").read_text(encoding="utf-8")
REPORT, _, OTHERS = PAGE.partition("## Friction with parts")
ENTRIES = dict(re.findall(r'<a id="(f\d+)"></a>\n\n### (.*?)(?=\n<a id|\Z)', REPORT, re.DOTALL))
WITNESSES = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", REPORT)))


def test_report_has_entries_enough_in_order_each_with_its_number() -> None:
    assert len(ENTRIES) >= 15
    assert list(ENTRIES) == [f"f{number}" for number in range(1, len(ENTRIES) + 1)]
    assert all(text.startswith(f"{name.upper()}. ") for name, text in ENTRIES.items())
    assert OTHERS


@pytest.mark.parametrize("name", list(ENTRIES))
def test_entry_says_what_was_wanted_what_happens_how_to_see_it_what_it_cost_and_what_to_do(name: str) -> None:
    assert re.findall(r"^- \*(\w+)\.\*", ENTRIES[name], re.MULTILINE) == [
        *("Wanted", "Happens", "Evidence", "Cost", "Proposal")
    ]


def test_index_names_every_entry() -> None:
    index, _, _ = REPORT.partition("## The agent platform")
    assert sorted(re.findall(r"\[F(\d+)\]\(#f\1\)", index), key=int) == [name[1:] for name in ENTRIES]


@pytest.mark.parametrize(("file", "test"), WITNESSES)
def test_witness_exists(file: str, test: str) -> None:
    assert re.search(rf"^ *(?:async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)


def test_most_entries_can_be_reproduced_here() -> None:
    assert len(WITNESSES) >= 20


@pytest.mark.parametrize("capability", CAPABILITIES, ids=lambda each: each.name)
def test_coverage_links_to_entries_that_exist(capability: object) -> None:
    linked = next(each.friction for each in CAPABILITIES if each is capability)
    assert linked and {entry.lower() for entry in linked} <= ENTRIES.keys()
