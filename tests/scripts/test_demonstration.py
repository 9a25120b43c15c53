"""What the demo sets up before it starts anything; the processes themselves are started by the tours."""

import contextlib
import socket
from pathlib import Path

import pytest

from app.errors import Invalid
from app.settings import Settings, load
from app.standins.platform.options import DEV_KEY, communities_in
from scripts.demonstration import Demo
from tests.servers import free_port


def configured(folder: Path, monkeypatch: pytest.MonkeyPatch, *model: str) -> tuple[Demo, Settings]:
    """A demo, and the settings that its commands read."""
    demo = Demo(folder, free_port(), *model)
    demo.configure()
    monkeypatch.setenv("DNFT_DATA", str(folder))
    monkeypatch.setenv("DNFT_CONFIG", str(folder / "dnft.toml"))
    return demo, load()


def test_demo_asks_its_own_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo, settings = configured(tmp_path, monkeypatch)
    assert settings.platform_url == f"http://127.0.0.1:{demo.platform_port}"
    assert settings.platform_key is not None and settings.platform_key.get_secret_value() == DEV_KEY
    assert settings.platform_scene and settings.model_url is None
    (community,) = communities_in(demo.communities().read_text())
    assert (community.key, community.tier) == (DEV_KEY, settings.platform_tier)
    assert community.monthly_cents > 100


def test_demo_with_a_model_asks_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo, settings = configured(tmp_path, monkeypatch, "http://127.0.0.1:11434/v1", 'llama"3')
    assert (settings.model_url, settings.model_name) == ("http://127.0.0.1:11434/v1", 'llama"3')
    assert settings.platform_url is None and not settings.platform_scene
    assert demo.platform_port == 0


@pytest.mark.parametrize("model", [("http://127.0.0.1:11434/v1", ""), ("", "llama")])
def test_demo_with_half_a_model_is_refused(tmp_path: Path, model: tuple[str, str]) -> None:
    with pytest.raises(Invalid, match="both"):
        Demo(tmp_path, free_port(), *model).configure()


def test_demo_takes_free_ports_where_the_usual_are_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        with contextlib.suppress(OSError):  # somebody else has it already, which serves as well
            other.bind(("127.0.0.1", 8600))
        demo, settings = configured(tmp_path, monkeypatch)
    assert demo.platform_port not in (0, 8600)
    assert settings.platform_url is not None and settings.platform_url.endswith(f":{demo.platform_port}")
