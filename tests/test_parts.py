"""Each real part starts, answers, and goes away; and the suite's own guards hold."""

import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import httpx
import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Browser

from scripts.tools import CATALOGUE
from tests import parts
from tests.servers import ServerFailed, program

ROOT = Path(__file__).parent.parent


def test_anvil_started_twice_answers_with_own_chain_ids(anvil: Callable[..., parts.Anvil]) -> None:
    ours, other = anvil(), anvil("--chain-id", "7777")
    assert ours.rpc("eth_chainId") == hex(31337)
    assert other.rpc("eth_chainId") == hex(7777)
    assert other.url != ours.url


def test_anvil_url_shared_chain_answers(anvil_url: str) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
    assert httpx.post(anvil_url, json=body).json()["result"].startswith("0x")


def test_postgres_url_called_twice_gives_separate_empty_databases(postgres_url: Callable[[], str]) -> None:
    first, second = (url.replace("+psycopg", "") for url in (postgres_url(), postgres_url()))
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE mine (id int)")
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert connection.execute("SELECT current_setting('fsync')").fetchone() == ("off",)
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('mine')").fetchone() == (None,)


def test_nginx_serves_reloads_and_stops(nginx: Callable[..., parts.Nginx]) -> None:
    server = nginx('server { listen 127.0.0.1:@PORT@; location / { return 200 "one"; } }')
    assert httpx.get(server.url).text == "one"
    server.reload("server { listen 127.0.0.1:@PORT@; root @FOLDER@/public; }")
    (server.folder / "public").mkdir()
    (server.folder / "public" / "file.txt").write_text("two")
    assert httpx.get(f"{server.url}/file.txt").text == "two"
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_nginx_cache_asked_to_purge_forgets_that_document_only(nginx: Callable[..., parts.Nginx]) -> None:
    unique = 'add_header cache-control "s-maxage=60"; return 200 "$request_id";'
    origin = nginx(f"server {{ listen 127.0.0.1:@PORT@; location / {{ {unique} }} }}")
    cache = nginx(parts.nginx_cache(origin.url)).url
    before = {path: httpx.get(cache + path).text for path in ("/7", "/8?x=1")}
    assert [httpx.get(cache + path).text for path in before] == list(before.values())
    assert httpx.get(f"{cache}/7").headers["x-cache"] == "HIT"
    assert httpx.request("PURGE", f"{cache}/7").status_code == 200
    after = {path: httpx.get(cache + path).text for path in before}
    assert after["/7"] != before["/7"]
    assert after["/8?x=1"] == before["/8?x=1"]
    assert httpx.get(f"{cache}/.purge").headers.get("x-cache") is None


def test_nginx_with_broken_configuration_says_why(nginx: Callable[..., parts.Nginx]) -> None:
    with pytest.raises(ServerFailed, match="unknown directive"):
        nginx("nonsense on;")


@pytest.mark.part("fonts")
def test_chromium_draws_a_page(chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 200, "height": 100})
    page.set_content("<body style='margin:0;background:#123456'><p style='color:#fff;font:40px DejaVu Sans'>Aa</p>")
    image = Image.open(BytesIO(page.screenshot())).convert("RGB")
    page.close()
    assert image.size == (200, 100)
    assert image.getpixel((199, 99)) == (0x12, 0x34, 0x56)
    assert (255, 255, 255) in {colour for _, colour in image.getcolors(20_000) or []}


def test_chromium_asked_for_an_outside_page_does_not_resolve_it(chromium: Browser) -> None:
    page = chromium.new_page()
    with pytest.raises(Exception, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.com/")
    page.close()


def test_kubo_adds_a_file_under_the_known_cid(kubo: parts.Kubo) -> None:
    assert "ID" in httpx.post(f"{kubo.api_url}/api/v0/id").json()
    added = httpx.post(
        f"{kubo.api_url}/api/v0/add",
        params={"cid-version": "1", "raw-leaves": "true", "chunker": "size-262144"},
        files={"file": b"hello world\n"},
    ).json()
    assert added["Hash"] == "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"
    assert httpx.get(f"{kubo.gateway_url}/ipfs/{added['Hash']}").content == b"hello world\n"


@pytest.mark.part("node")
@pytest.mark.parametrize(
    "package", [pytest.param(name, marks=pytest.mark.part(name)) for name in ("solc", "viem", "ethers")]
)
def test_npm_package_is_importable_by_node(package: str) -> None:
    modules = Path(CATALOGUE["solc"].find() or ROOT).parents[1]
    code = f"import('{package}').then((m) => console.log(Object.keys(m).length))"
    answer = subprocess.run([program("node"), "-e", code], cwd=modules, capture_output=True, text=True, check=True)
    assert int(answer.stdout) > 0


@pytest.mark.part("wrk", "nginx")
def test_wrk_measures_a_server(nginx: Callable[..., parts.Nginx]) -> None:
    url = nginx("server { listen 127.0.0.1:@PORT@; return 200 ok; }").url
    said = subprocess.run(
        [program("wrk"), "-t1", "-c2", "-d1s", url], capture_output=True, text=True, check=True
    ).stdout
    assert "Requests/sec:" in said
