"""HttpObserver over a table of resources: real HTTP semantics, no network."""

from collections.abc import Mapping
from dataclasses import replace

from app.consumers.observation import HttpAnswer, redirect_target
from app.consumers.site import Resource, Site

MAX_REDIRECTS = 5


class MemoryObserver:
    """Sees the web as `resources` by absolute URL, the way `HttpxObserver` sees the real one.

    Redirects are followed (at most 5), bodies cut at `max_bytes`, unknown hosts do not answer, unknown paths are 404.
    """

    def __init__(self, resources: Mapping[str, Resource], *, max_bytes: int = 2_097_152) -> None:
        self._site = Site(resources)
        self._hosts = {_host(url) for url in resources}
        self._max_bytes = max_bytes

    def fetch(self, url: str, *, method: str = "GET", headers: Mapping[str, str] | None = None) -> HttpAnswer:
        left: list[str] = []
        elapsed = 0
        while True:
            answer = self._once(url, method, headers or {})
            elapsed += answer.elapsed_ms
            target = redirect_target(answer)
            if target is None or len(left) == MAX_REDIRECTS:
                return replace(answer, redirects=tuple(left), elapsed_ms=elapsed)
            left.append(url)
            url = target

    def _once(self, url: str, method: str, headers: Mapping[str, str]) -> HttpAnswer:
        if _host(url) not in self._hosts:
            return HttpAnswer(
                url=url, method=method, status=0, headers={}, body=b"", elapsed_ms=0, error="no such host"
            )
        answer = self._site.fetch(url, method=method, headers=headers)
        if len(answer.body) <= self._max_bytes:
            return answer
        return replace(answer, body=answer.body[: self._max_bytes], truncated=True)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0]
