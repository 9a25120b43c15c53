"""Commands about personalities, the evaluation page, and the benchmark of births."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.errors import Invalid
from personalities import DIALS, beauvoir, birth, load_pack
from personalities.loading import CHECKSUMS, checksums
from personalities.measures import evaluate
from personalities.prompt import system_prompt
from personalities.reading import packaged
from personalities.routing import TASKS
from scripts.bench.birth import SEED, run_birth_bench
from scripts.commands.personality import personality
from scripts.evaluation_page import page

PACK = load_pack("dixie")


def run(*arguments: str, code: int = 0) -> str:
    done = CliRunner().invoke(personality, arguments)
    assert done.exit_code == code, done.output
    return done.stdout


def data(*arguments: str, code: int = 0) -> dict[str, Any]:
    answer = json.loads(run(*arguments, "--json", code=code))
    found: dict[str, Any] = answer["data"] if code != 2 else answer["error"]
    return found


def test_show_prints_the_document() -> None:
    p = birth(SEED, 10_000, 7, PACK)
    assert run("show", "7") == beauvoir(p, PACK)


def test_show_prompt_prints_the_instructions() -> None:
    p = birth(SEED, 10_000, 7, PACK)
    assert run("show", "7", "--prompt") == system_prompt(p, beauvoir(p, PACK), p.dials) + "\n"


def test_show_json_has_everything_that_was_born() -> None:
    shown = data("show", "4", "--supply", "50", "--seed", "ab" * 32)
    p = birth(bytes.fromhex("ab" * 32), 50, 4, PACK)
    assert (shown["name"], shown["seed"], shown["document"]) == (p.name, p.seed, beauvoir(p, PACK))
    assert tuple(shown["dials"].values()) == p.dials
    assert tuple(shown["bands"]) == DIALS
    assert tuple(shown["routing"]) == TASKS
    assert len(shown["slots"]) == 16
    assert shown["broken_rules"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "10000"),
        ("show", "1", "--seed", "zz"),
        ("show", "1", "--seed", "ab"),
        ("show", "1", "--pack", "nowhere"),
        ("show", "1", "--tier", "gold"),
        ("sample", "--pack", "/no/such/folder"),
        ("evaluate", "--tokens", "10", "--pack", "nowhere"),
        ("evaluate", "--tokens", "10", "--out", "/no/such/folder/page.html"),
    ],
)
def test_wrong_arguments_are_refused_with_a_hint(arguments: tuple[str, ...]) -> None:
    problem = data(*arguments, code=2)
    assert problem["code"] == "invalid"
    assert problem["message"]
    assert problem["hint"]


def test_sample_shows_agents_from_all_over() -> None:
    agents = data("sample", "--count", "4", "--supply", "1000")["agents"]
    assert [agent["token"] for agent in agents] == [0, 250, 500, 750]
    assert all(agent["description"] for agent in agents)
    assert run("sample", "--count", "4", "--supply", "1000").count(agents[3]["name"]) >= 1
    assert len(data("sample", "--count", "9", "--supply", "3")["agents"]) == 3


def test_evaluate_writes_figures_and_a_page(tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    result = data("evaluate", "--tokens", "300", "--out", str(out))
    assert result["passed"] is True
    assert {each["id"] for each in result["measures"] if each["passed"]} >= {"slots", "jaccard", "rules", "bands"}
    assert len(result["pairs"]) == 10
    assert result["page"] == str(out)
    text = out.read_text(encoding="utf-8")
    assert all(name in text for pair in result["pairs"] for name in pair["names"])


def test_evaluate_missed_target_is_exit_code_1(tmp_path: Path) -> None:
    folder = tmp_path / "dull"
    shutil.copytree(str(packaged("dixie")), folder)
    dials = folder / "dials.toml"
    dull = "You say what everybody says, in the words that everybody says it in."
    one_line = re.sub(
        r'^  \[\n(?:    "[^"\n]*",\n)+', f'  [\n    "{dull}",\n', dials.read_text(encoding="utf-8"), flags=re.M
    )
    assert one_line.count(dull) == 16 * 7
    dials.write_text(one_line, encoding="utf-8")
    (folder / CHECKSUMS).write_text(checksums(folder), encoding="utf-8")
    result = data("evaluate", "--tokens", "200", "--pack", str(folder), code=1)
    assert result["passed"] is False
    assert "boilerplate" in [each["id"] for each in result["measures"] if each["passed"] is False]


def test_evaluate_too_few_tokens_are_not_judged_by_boilerplate() -> None:
    result = data("evaluate", "--tokens", "12")
    judged = {each["id"]: each for each in result["measures"] if each["target"]}
    assert judged["boilerplate"]["passed"] is None
    assert "too few to judge: 200 documents" in judged["boilerplate"]["detail"]
    assert all(each["passed"] for name, each in judged.items() if name != "boilerplate")
    shown = run("evaluate", "--tokens", "12")
    assert "12 agents of dixie@1.0.0" in shown
    assert "of all bytes; too few to judge: 200 documents are needed" in shown, "a pipe gets whole rows"


class _Balanced(HTMLParser):
    """Collects texts and demands that every element is closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: dict[str, int] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = self.found.get(tag, 0) + 1
        if tag not in ("meta", "line", "rect"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = self.found.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "rect"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_page_stands_alone_and_escapes_what_it_shows() -> None:
    births = [birth(SEED, 40, token, PACK) for token in range(40)]
    documents = [beauvoir(p, PACK) for p in births]
    documents[3] = documents[9] = "<script>alert(1)</script> these five words stand in both & nothing else"
    found = evaluate(births, documents, lambda p, _: ["AN-1 <b>"] * (p.token_id == 5))
    text = page(found, births, documents, "dnft personality evaluate <x>")
    parser = _Balanced()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    assert "script" not in parser.found
    assert parser.found["svg"] == 6
    assert parser.found["details"] == 10
    assert parser.found["mark"] >= 20
    assert "<script>alert(1)</script> these five words stand in both & nothing else" in parser.text
    assert "AN-1 <b>" in parser.text
    assert not re.search(r"https?://|src=|@import|url\(", text)


def test_birth_bench_has_the_shape_of_benchmarks() -> None:
    result = run_birth_bench(60, "dixie")
    assert set(result) == {"name", "rows", "ratios", "machine"}
    assert all(set(row) == {"variant", "median", "min", "max", "unit"} for row in result["rows"])
    rates = {row["variant"]: row for row in result["rows"] if row["unit"] == "births/s"}
    assert list(rates) == ["personality only", "with document", "complete birth"]
    assert all(0 < row["min"] <= row["median"] <= row["max"] for row in rates.values())
    loaded, holding = (row["median"] for row in result["rows"] if row["unit"] == "MiB")
    assert 5 < loaded <= holding < 300
    assert 0 < result["ratios"]["complete birth/personality only"] < 1
    assert {"cpu", "python", "pack"} <= set(result["machine"])


@pytest.mark.parametrize(("tokens", "pack"), [(1, "dixie"), (100, "nowhere")])
def test_birth_bench_wrong_arguments_are_refused(tokens: int, pack: str) -> None:
    with pytest.raises(Invalid):
        run_birth_bench(tokens, pack)


@pytest.mark.full
def test_birth_bench_ten_thousand_meets_its_targets() -> None:
    rows = {row["variant"]: row["median"] for row in run_birth_bench(10_000, "dixie")["rows"]}
    assert rows["complete birth"] >= 500
    assert rows["process holding 10000 births"] <= 300
