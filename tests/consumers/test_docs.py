import re
from pathlib import Path

import pytest

from app.consumers.rules import consumers
from app.consumers.table import rules_table, with_table

PAGE = Path(__file__).parents[2] / "docs" / "consumers.md"


def test_docs_table_is_the_one_the_data_gives() -> None:
    text = PAGE.read_text("utf-8")
    assert text == with_table(text), "run: python -m scripts.check docs/consumers.md"


def test_rules_table_names_every_rule_in_one_line() -> None:
    lines = rules_table().splitlines()
    for consumer in consumers():
        assert f"### {consumer.name} (`{consumer.slug}`)" in lines
        for rule in consumer.rules:
            (line,) = [line for line in lines if line.startswith(f"| `{rule.id}` |")]
            assert rule.title in line
            assert line.replace("\\|", "").count("|") == 8


def test_with_table_text_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="rules: generated"):
        with_table("# nothing here")


def test_docs_explain_every_section_in_use() -> None:
    explained = PAGE.read_text("utf-8").partition("Sections:")[2].partition("Source tags:")[0]
    numbers = {rule.section[1:] for consumer in consumers() for rule in consumer.rules} - {"TTP", "TD"}
    assert numbers <= set(re.findall(r"\d+", explained))
