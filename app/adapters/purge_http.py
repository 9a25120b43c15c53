"""CachePurger over HTTP: by Cache-Tag (Cloudflare's purge API and those that copy it) or by URL (nginx, Varnish)."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Literal
from urllib.parse import urlsplit

import httpx

from app.errors import Unavailable

_TAGS_PER_CALL = 30
_GOOD = frozenset({200, 201, 202, 204, 404, 412})
"""404 and 412 are how URL caches say that there was nothing to drop."""


class HttpPurger:
    """`tags`: POST {"tags": […]} to the hook. `urls`: PURGE of each URL's path below the hook's own URL."""

    active = True

    def __init__(self, hook: str, style: Literal["tags", "urls"], token: str | None, timeout: float = 10.0) -> None:
        self._hook = hook.rstrip("/")
        self._style = style
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(headers=headers, timeout=timeout, follow_redirects=False)

    def __repr__(self) -> str:
        return f"HttpPurger({self._style})"

    def purge(self, urls: Iterable[str], tags: Iterable[str]) -> None:
        try:
            for request in self._requests(urls, tags):
                answer = self._client.send(request)
                if answer.status_code not in _GOOD:
                    raise Unavailable(
                        f"The cache's purge hook answered {answer.status_code}.",
                        hint="Check DNFT_PURGE_URL, DNFT_PURGE_STYLE and DNFT_PURGE_TOKEN.",
                    )
        except httpx.HTTPError as error:
            raise Unavailable(f"The cache's purge hook does not answer ({type(error).__name__}).") from error

    def _requests(self, urls: Iterable[str], tags: Iterable[str]) -> Iterator[httpx.Request]:
        if self._style == "tags":
            left = iter(tags)
            while some := list(islice(left, _TAGS_PER_CALL)):
                yield self._client.build_request("POST", self._hook, json={"tags": some})
        else:
            for url in urls:
                yield self._client.build_request("PURGE", self._hook + urlsplit(url).path)
