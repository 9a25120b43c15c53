"""Settings: which source wins, all problems at once, no secret ever shown, and what production refuses."""

import os
from pathlib import Path
from typing import Any

import pytest

from app.errors import ConfigurationError
from app.settings import Settings, environment, load

KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
SECRETS = {
    "database_url": "postgresql+psycopg://dnft:s3cret@127.0.0.1/dnft",
    "workflow_database_url": "postgresql+psycopg://dnft:s3cret@127.0.0.1/work",
    "rpc_urls": "1=https://node.example/v2/s3cret",
    "keystore_password": "s3cret",
    "raw_key": KEY,
    "purge_token": "s3cret",
    "platform_key": "s3cret",
    "model_key": "s3cret",
    "session_secret": KEY,
    "vault_key": KEY,
    "operator_key": KEY,
}


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty working directory and an environment without settings."""
    for name in list(os.environ):
        if name.startswith("DNFT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def problems(**given: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(**given)
    return "\n".join(caught.value.problems)


# --- sources --------------------------------------------------------------------------------------------------------


def test_load_nothing_given_works_on_a_laptop() -> None:
    settings = load()
    assert (settings.env, settings.port, settings.wanted_replicas) == ("development", 8000, 1)
    assert settings.database == "sqlite:///.data/dnft.db"
    assert settings.workflow_database == "sqlite:///.data/workflows.db"


def test_load_stronger_source_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "dnft.toml").write_text('port = 1\nproject = "data"\nhost = "10.0.0.1"\ncache_mb = 1')
    (tmp_path / "dnft.toml").write_text(f'data = "{data}"\nport = 2\nproject = "file"\nhost = "10.0.0.2"')
    monkeypatch.setenv("DNFT_PORT", "3")
    monkeypatch.setenv("DNFT_PROJECT", "environment")
    settings = load(port=4)
    assert (settings.port, settings.project, settings.host, settings.cache_mb) == (4, "environment", "10.0.0.2", 1)


def test_load_data_folder_named_by_an_option_brings_its_file(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "dnft.toml").write_text('env = "demo"\nrpc_urls = { 31337 = "http://127.0.0.1:8545" }')
    settings = load(data=tmp_path / "demo")
    assert settings.env == "demo"
    assert settings.rpc_urls[31337].get_secret_value() == "http://127.0.0.1:8545"


def test_load_option_that_was_not_given_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNFT_PORT", "3")
    assert load(port=None).port == 3


def test_load_config_names_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.toml").write_text("port = 5")
    (tmp_path / "dnft.toml").write_text("port = 6")
    monkeypatch.setenv("DNFT_CONFIG", str(tmp_path / "other.toml"))
    assert load().port == 5
    monkeypatch.setenv("DNFT_CONFIG", str(tmp_path / "missing.toml"))
    assert "DNFT_CONFIG" in problems()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1=https://a.example", {1: "https://a.example"}),
        (" 1 = https://a.example , 31337=http://b:1 ,", {1: "https://a.example", 31337: "http://b:1"}),
        ("1=https://a.example/?key=x=y", {1: "https://a.example/?key=x=y"}),
        ("", {}),
    ],
)
def test_load_rpc_urls_are_pairs(monkeypatch: pytest.MonkeyPatch, text: str, wanted: dict[int, str]) -> None:
    monkeypatch.setenv("DNFT_RPC_URLS", text)
    assert {chain: url.get_secret_value() for chain, url in load().rpc_urls.items()} == wanted


def test_workflow_database_follows_the_database(tmp_path: Path) -> None:
    server = "postgresql+psycopg://dnft@127.0.0.1/dnft"
    assert load(database_url=server).workflow_database == server
    own = f"sqlite:///{tmp_path}/w.db"
    assert load(database_url=server, workflow_database_url=own).workflow_database == own


# --- problems -------------------------------------------------------------------------------------------------------


def test_load_names_every_problem_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dnft.toml").write_text("colour = 1\nport = 70000")
    for name, value in {
        "DNFT_PROT": "1",
        "DNFT_WORKERS": "many",
        "DNFT_ENV": "production",
        "DNFT_RAW_KEY": "0x12",
        "DNFT_KEYSTORE": "nowhere.json",
        "DNFT_RPC_URLS": "31337=http://127.0.0.1:8545",
    }.items():
        monkeypatch.setenv(name, value)
    found = problems(replicas=9)
    for word in ("DNFT_PROT ", "colour", "DNFT_PORT", "DNFT_WORKERS", "DNFT_RAW_KEY", "DNFT_REPLICAS"):
        assert word in found
    # What holds between settings is told in the same breath.
    assert "DNFT_KEYSTORE names no file" in found
    assert "DNFT_KEYSTORE needs" in found
    assert "https in production" in found
    assert "31337" in found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("port", value) for value in ("-1", "65536", "http", "1.5", "")),
        *(("workers", value) for value in ("0", "65")),
        *(("origin", value) for value in ("agents.example", "https://a.example/", "https://a.example/x", "ftp://a")),
        *(("origin", value) for value in ("https://", "https://a.example?x=1", "https://a.example#x")),
        *(("rpc_urls", value) for value in ("https://a.example", "x=https://a.example", "1=ws://a.example", "1=")),
        *(("database_url", value) for value in ("dnft.db", "mysql://a/b", "://")),
        *(("raw_key", value) for value in ("", "0x", KEY[:-1], KEY + "0", "g" * 64)),
        *(("env", value) for value in ("prod", "Production")),
        *(("session_secret", value) for value in ("", "secret", "0x" + KEY[:-2], KEY[:-1], KEY + "0")),
        *((name, "0") for name in ("challenge_seconds", "token_seconds", "session_seconds", "challenges_per_minute")),
        ("proxies", "-1"),
        ("replicas", "0"),
        ("rpc_timeout", "0"),
        ("finality_depth", "-1"),
        ("log_level", "loud"),
        ("purge_style", "both"),
        ("project", ""),
    ],
)
def test_load_wrong_value_names_the_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DNFT_{name.upper()}", value)
    assert f"DNFT_{name.upper()}" in problems()


def test_load_broken_file_is_named_and_the_rest_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dnft.toml").write_text("port = = 1")
    monkeypatch.setenv("DNFT_WORKERS", "0")
    found = problems()
    assert "dnft.toml is not valid TOML" in found
    assert "DNFT_WORKERS" in found
    (tmp_path / "dnft.toml").write_bytes(b"\xff\xfe")
    assert "not valid TOML" in problems()


def test_load_unknown_option_is_named() -> None:
    assert "DNFT_COLOUR" in problems(colour="red")


def test_load_keystore_and_raw_key_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "keystore.json").write_text("{}")
    found = problems(keystore=tmp_path / "keystore.json", keystore_password="x", raw_key=KEY)
    assert "both set" in found


# --- secrets --------------------------------------------------------------------------------------------------------


def test_secrets_are_in_no_repr_str_or_dump() -> None:
    settings = load(**{name: value for name, value in SECRETS.items() if name != "keystore_password"})
    for shown in (repr(settings), str(settings), str(settings.model_dump()), f"{settings!r:.9999}"):
        assert "s3cret" not in shown
        assert KEY not in shown


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_secrets_are_in_no_error(name: str) -> None:
    wrong = {
        "database_url": "mysql://dnft:s3cret@127.0.0.1/dnft",
        "workflow_database_url": "s3cret",
        "rpc_urls": "https://node.example/v2/s3cret",
        "raw_key": KEY[:-2] + "zz",
        "session_secret": KEY[:-2] + "zz",
    }
    given = {**SECRETS, name: wrong.get(name, SECRETS[name]), "env": "production", "keystore": "none.json"}
    with pytest.raises(ConfigurationError) as caught:
        load(**given)
    chain: BaseException | None = caught.value
    assert "s3cret" not in str(chain)
    assert KEY[:40] not in str(chain)
    assert "s3cret" not in repr(chain)


def test_secret_fields_are_the_ones_that_hold_secrets() -> None:
    hidden = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert hidden == SECRETS.keys()


# --- production -----------------------------------------------------------------------------------------------------


def test_production_refuses_what_exists_for_developers() -> None:
    found = problems(env="production", raw_key=KEY, rpc_urls="31337=http://127.0.0.1:8545")
    assert "DNFT_RAW_KEY" in found
    assert "DNFT_ORIGIN" in found
    assert "DNFT_RPC_URLS" in found
    assert "DNFT_SESSION_SECRET" in found


@pytest.mark.parametrize("origin", ["http://agents.example", "http://127.0.0.1:8000", "http://localhost"])
def test_production_refuses_an_origin_without_https(origin: str) -> None:
    assert "DNFT_ORIGIN must be https" in problems(env="production", origin=origin, session_secret=KEY, vault_key=KEY)


def test_production_takes_the_key_of_sessions_from_a_file_too(tmp_path: Path) -> None:
    (tmp_path / "session.key").write_text(KEY)
    load(env="production", origin="https://agents.example", data=tmp_path, vault_key=KEY)


def test_origins_are_ours_alone_and_in_production_no_other() -> None:
    developers = load(port=8123).origins
    assert developers == {"http://127.0.0.1:8000", "http://127.0.0.1:8123", "http://localhost:8123"}
    production = load(env="production", origin="https://Agents.Example:443", session_secret=KEY, vault_key=KEY)
    assert production.origins == {"https://agents.example"}


def test_production_as_it_should_be_is_taken_and_wants_two_replicas(tmp_path: Path) -> None:
    (tmp_path / "keystore.json").write_text("{}")
    settings = load(
        env="production",
        origin="https://agents.example",
        keystore=tmp_path / "keystore.json",
        keystore_password="x",
        rpc_urls="80094=https://rpc.example",
        session_secret=KEY,
        vault_key=KEY,
    )
    assert settings.wanted_replicas == 2
    assert settings.problems() == []


# --- documentation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_setting_has_a_description_that_is_a_sentence(name: str) -> None:
    description = Settings.model_fields[name].description or ""
    assert description[:1].isupper() or description[:1] in "`"
    assert description.endswith(".")
    assert len(description) >= 15


def test_settings_do_not_change_once_loaded() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().port = 1  # type: ignore[misc]  # writing to it is the point


def test_environment_of_a_child_is_ours_with_more_on_top(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNFT_PORT", "1")
    assert environment(DNFT_PORT="2")["DNFT_PORT"] == "2"
    assert environment()["DNFT_PORT"] == "1"
    assert environment()["PATH"] == os.environ["PATH"]
