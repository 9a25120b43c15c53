"""`dnft check` against a real local server."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from app.consumers.site import Resource, answer
from scripts.check import check, command
from tests.consumers.samples import PAGE, PNG, document

CORS = {"access-control-allow-origin": "*", "cache-control": "public, max-age=60"}
PAGES: dict[str, Resource] = {}


class Handler(BaseHTTPRequestHandler):
    """Serves `PAGES` with the semantics of the in-memory site, over a socket."""

    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        path = self.path.partition("?")[0]
        resource = PAGES.get(path, Resource(b"{}", 404, {"content-type": "application/problem+json"}))
        found = answer(resource, path, self.command, dict(self.headers.items()))
        self.send_response(found.status)
        for name, value in found.headers.items():
            self.send_header(name, value)
        if "content-length" not in found.headers and found.status not in {204, 304}:
            self.send_header("content-length", str(len(found.body)))
        self.end_headers()
        self.wfile.write(found.body)

    do_GET = do_HEAD = do_OPTIONS = handle_any  # noqa: N815 - names of the standard library

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def site() -> Iterator[str]:
    """The root of a server with a good token 7, its media, and a token 8 that breaks some rules."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        root = f"http://127.0.0.1:{server.server_port}"
        good = document(image=f"{root}/ipfs/cid/image.png", animation_url=f"{root}/ipfs/cid/animation.html")
        token = json_page(good)
        PAGES.update(
            {
                "/c/7": token,
                "/c/0x7": token,
                f"/c/{7:064x}": token,
                "/c/07": Resource(b"{}", 400),
                "/c/8": json_page({**good, "properties": {}, "background_color": "[red]#fff[/red]\x1b[2J"}),
                "/c/9": Resource(b'{"message": "no such token"}', 200, {**CORS, "content-type": "application/json"}),
                "/c/10": json_page({**good, "image": "ipfs://cid/image.png"}),
                "/ipfs/cid/image.png": Resource(PNG, 200, {**CORS, "content-type": "image/png"}),
                "/ipfs/cid/animation.html": Resource(PAGE, 200, {**CORS, "content-type": "text/html"}),
                "/ipfs/doc": token,
            }
        )
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield root
        server.shutdown()
        thread.join()
        PAGES.clear()


def json_page(content: dict[str, Any]) -> Resource:
    body = json.dumps(content).encode()
    headers = {**CORS, "content-type": "application/json", "etag": '"1"', "last-modified": "now"}
    return Resource(body, 200, headers)


def run(*arguments: str) -> tuple[int, str, str]:
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    return result.exit_code, result.stdout, result.stderr


def data(*arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = run(*arguments, "--json")
    assert out.count("\n") == 1
    whole = json.loads(out)
    assert whole["ok"] is (code != 2)
    found: dict[str, Any] = whole["data"] if whole["ok"] else whole["error"]
    return code, found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {row["rule"]: row["verdict"] for row in found["rows"]}


def test_check_good_token_exits_0_and_only_the_local_host_is_warned_of(site: str) -> None:
    code, found = data(f"{site}/c/7")
    assert (code, found["passed"]) == (0, True)
    assert [rule for rule, verdict in verdicts(found).items() if verdict == "warn"] == ["metamask.public-host"]


def test_check_good_token_table_names_every_consumer(site: str) -> None:
    code, out, _ = run(f"{site}/c/7")
    assert code == 0
    for name in ("OpenSea", "Safe", "Browser wallets", "loa-finn"):
        assert name in out
    assert "does not apply: names no pack" in out or "does not apply: pack dixie" in out
    assert "1 warn" in out


def test_check_bad_token_exits_1_and_says_why(site: str) -> None:
    code, out, _ = run(f"{site}/c/8")
    assert code == 1
    assert "zora.no-properties" in out
    assert "Its content overwrites attributes" in out
    assert "2 fail" in out


def test_check_foreign_text_is_neither_markup_nor_escape(site: str) -> None:
    _, out, _ = run(f"{site}/c/8")
    assert "[red]#fff[/red]" in out
    assert "\x1b" not in out


def test_check_error_body_with_200_fails(site: str) -> None:
    code, found = data(f"{site}/c/9")
    assert code == 1
    assert verdicts(found)["reservoir.no-error-body"] == "fail"


def test_check_missing_token_is_judged_not_refused(site: str) -> None:
    code, found = data(f"{site}/c/404")
    assert (code, found["consumers"]["OpenSea"]) == (1, "fail")
    assert verdicts(found)["reservoir.retried-status"] == "pass"


def test_check_consumer_option_limits_the_report(site: str) -> None:
    code, found = data(f"{site}/c/8", "--consumer", "SAFE", "-c", "rainbow")
    assert (code, set(found["consumers"])) == (0, {"Safe", "Rainbow"})


def test_check_ipfs_image_without_gateway_warns_and_with_gateway_is_read(site: str) -> None:
    code, found = data(f"{site}/c/10")
    assert (code, verdicts(found)["indexers.image-fetched"]) == (0, "warn")
    code, found = data(f"{site}/c/10", "--gateway", site)
    assert (code, verdicts(found)["indexers.image-fetched"]) == (0, "pass")


def test_check_ipfs_url_through_gateway(site: str) -> None:
    code, found = data("ipfs://doc", "--gateway", site)
    assert (code, verdicts(found)["moralis.resync"]) == (0, "pass")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ipfs://doc"], "invalid"),
        (["nonsense"], "invalid"),
        (["http://[::1"], "invalid"),
        (["https://u:p@h/1"], "invalid"),
        (["data:application/json,{}"], "invalid"),
        (["http://127.0.0.1:1/1", "--gateway", "ipfs.io"], "invalid"),
        (["http://127.0.0.1:1/1", "--consumer", "nobody"], "unknown-consumer"),
        (["http://127.0.0.1:1/1"], "unreachable"),
    ],
)
def test_check_nothing_to_judge_exits_2_with_code_and_hint(arguments: list[str], code: str) -> None:
    exit_code, error = data(*arguments)
    assert (exit_code, error["code"], set(error)) == (2, code, {"code", "message", "hint"})
    assert error["hint"]
    assert "u:p" not in error["message"]
    exit_code, out, err = run(*arguments)
    assert (exit_code, out) == (2, "")
    assert error["message"][:20] in err.replace("\n", " ")


def test_command_registers_with_typer_and_has_help() -> None:
    code, out, _ = run("--help")
    assert code == 0
    for option in ("--consumer", "--gateway", "--json"):
        assert option in out


def test_check_function_returns_the_exit_code(site: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(f"{site}/c/7", ["safe"], "", True) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True
