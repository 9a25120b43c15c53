"""The page about the stand-in names every option, endpoint, fault field and price that the code has."""

from dataclasses import fields
from pathlib import Path

import pytest

from app.standins.platform import faults, tiers
from app.standins.platform.options import DEV_KEY, Options

PAGE = (Path(__file__).parents[2] / "docs/platform.md").read_text()


@pytest.mark.parametrize("name", [field.name for field in fields(Options) if field.name != "model_key"])
def test_page_names_the_option(name: str) -> None:
    assert f"--{name.replace('_', '-')}" in PAGE


def test_page_names_the_setting_of_the_models_key_and_no_option() -> None:
    assert "DNFT_MODEL_KEY" in PAGE and "--model-key" not in PAGE


def test_page_names_the_defaults() -> None:
    options = Options()
    assert DEV_KEY in PAGE
    for value in (options.port, options.buffer_events, options.buffer_turns, options.journal_requests):
        assert str(value) in PAGE
    assert f"| {options.first_ms:.0f}, {options.piece_ms:.0f} |" in PAGE
    assert f"| {options.key_overlap_seconds:.0f} |" in PAGE


@pytest.mark.parametrize("name", [*faults.FIELDS, *faults.ENDPOINTS])
def test_page_names_the_fault_field(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_page_has_the_limits_and_prices() -> None:
    limits = " | ".join(f"{r.community} / {r.user} / {r.channel} / {r.burst}" for r in tiers.RULES.values())
    assert limits in PAGE
    text = " ".join(PAGE.split())
    for pool, (price_in, price_out) in tiers.PRICES.items():
        if pool != "architect":  # no tier reaches it
            shown = (f"{price / 1000:.3f}".rstrip("0").rstrip(".") for price in (price_in, price_out))
            assert f"{pool} {', '.join(shown)}" in text
