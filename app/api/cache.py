"""A bounded memory of ready answers, dropped by tag when what they show has changed."""

from collections import OrderedDict
from typing import Final, NamedTuple

from app.api.resource import Resource

Tag = tuple[int, int | None]
"""(collection id, token id); token id None stands for the collection's own document."""

_MOST_PER_ENTRY: Final = 1 << 20


class _Entry(NamedTuple):
    resource: Resource
    tag: Tag


class ResourceCache:
    """Second-chance eviction: a read only marks its entry, so the hot path is one dictionary lookup and one set add.

    Used from the event loop only.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._by_tag: dict[Tag, set[str]] = {}
        self._used: set[str] = set()
        self.bytes = 0
        self.generation = 0
        """Grows with every drop: what was loaded before a drop must not be stored after it."""

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, path: str) -> Resource | None:
        entry = self._entries.get(path)
        if entry is None:
            return None
        self._used.add(path)
        return entry.resource

    def put(self, path: str, resource: Resource, tag: Tag, generation: int) -> None:
        """Keep an answer that was loaded while `generation` held."""
        if generation != self.generation or resource.weight > min(_MOST_PER_ENTRY, self._max_bytes):
            return
        self._remove(path)
        self._entries[path] = _Entry(resource, tag)
        self._by_tag.setdefault(tag, set()).add(path)
        self.bytes += resource.weight
        while self.bytes > self._max_bytes:
            oldest = next(iter(self._entries))
            if oldest in self._used:
                self._used.discard(oldest)
                self._entries.move_to_end(oldest)
            else:
                self._remove(oldest)

    def drop(self, collection_id: int, token_id: int | None) -> None:
        """Forget a token's answers and its collection's document, which shows one of them; None forgets all of both."""
        self.generation += 1
        if token_id is None:
            tags = [tag for tag in self._by_tag if tag[0] == collection_id]
        else:
            tags = [(collection_id, token_id), (collection_id, None)]
        for tag in tags:
            for path in tuple(self._by_tag.get(tag, ())):
                self._remove(path)

    def clear(self) -> None:
        self.generation += 1
        for path in tuple(self._entries):
            self._remove(path)

    def _remove(self, path: str) -> None:
        entry = self._entries.pop(path, None)
        if entry is None:
            return
        self._used.discard(path)
        self.bytes -= entry.resource.weight
        paths = self._by_tag.get(entry.tag)
        if paths is not None:
            paths.discard(path)
            if not paths:
                self._by_tag.pop(entry.tag, None)
