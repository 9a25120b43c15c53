"""Who speaks: everything public about a token that a prompt or a scene is made of. Kept for each snapshot, as making it
takes longer than everything else before a first word."""

import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

import structlog

from app.db.repositories import Unit
from app.db.tables import Collection, Snapshot, Token
from app.errors import Burned, Conflict, NotFound
from app.provenance.ids import AgentId, checksum_address
from personalities import Pack, Personality, band, dial_block, system_prompt
from personalities.dials import DIAL_RANGE
from personalities.voice import Canon, Neighbour, Proofs, canon_of

log = structlog.get_logger("chat")

_KEPT: Final = 500
_BANDS: Final = 7


@dataclass(frozen=True, slots=True)
class Portrait:
    agent: AgentId
    prompt: str
    """System prompt."""
    reminder: str
    dials: tuple[int, ...]
    stage: str
    level: int
    collection: str
    supply: int
    neighbours: tuple[Neighbour, ...]
    proofs: Proofs
    canon: Canon | None
    """None when scenes are not wanted."""


class Portraits:
    """Safe to use from several threads. With `scenes`, portraits hold what the offline voice speaks from; `pack_of`
    gives the pack a collection is born of."""

    def __init__(self, pack_of: Callable[[Collection], Pack], *, scenes: bool) -> None:
        self._pack_of = pack_of
        self._scenes = scenes
        self._lock = Lock()
        self._known: OrderedDict[tuple[int, int, int], Portrait] = OrderedDict()

    def of(self, unit: Unit, collection: Collection, token: Token) -> Portrait:
        """The token as its shown snapshot has it. Raises NotFound before its release, Burned after its end, Conflict
        before the reveal."""
        if token.burned:
            raise Burned("This token was burned.")
        if token.head == 0:
            raise NotFound("There is no such agent to talk with yet.")
        key = (token.collection_id, token.token_id, token.head)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        made = self._paint(unit, collection, token)
        with self._lock:
            self._known[key] = made
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return made

    def _paint(self, unit: Unit, collection: Collection, token: Token) -> Portrait:
        identity, number = token.collection_id, token.token_id
        snapshot = unit.public.snapshot(identity, number, token.head)
        assert snapshot is not None, "a shown token has the snapshot it shows"
        version = unit.public.version(identity, number, snapshot.document)
        birth = unit.public.birth(identity, number)
        if birth is None or version is None or not snapshot.bands:
            raise Conflict("This agent is not born yet.", hint="Its collection is revealed later; come back then.")
        born = Personality.from_json(json.loads(birth.personality))
        dials = dials_of(born, snapshot)
        below = unit.public.gallery(identity, max(-1, number - 3), 2)
        above = unit.public.gallery(identity, number, 1)
        return Portrait(
            agent=AgentId(collection.chain_id, checksum_address(collection.contract or ""), number),
            prompt=system_prompt(born, version.document, dials, stage=snapshot.stage, level=min(snapshot.level, 99)),
            reminder=dial_block(dials),
            dials=dials,
            stage=snapshot.stage,
            level=snapshot.level,
            collection=collection.name,
            supply=collection.supply,
            neighbours=tuple(_neighbours(number, [*below, *above])),
            proofs=Proofs(
                snapshot.n, snapshot.document_sha256, snapshot.document_cid, snapshot.commit_number, "", snapshot.state
            ),
            canon=self._canon(born, collection) if self._scenes else None,
        )

    def _canon(self, born: Personality, collection: Collection) -> Canon | None:
        try:
            return canon_of(born, self._pack_of(collection))
        except Conflict as lost:
            # Models do without; the offline voice will say that it has nothing to speak from.
            log.warning("no scene without its pack", collection=collection.slug, why=lost.message)
            return None


def _neighbours(number: int, near: Sequence[tuple[Token, Snapshot]]) -> list[Neighbour]:
    return [Neighbour(token.token_id, token.name) for token, _ in near if token.token_id != number]


def dials_of(born: Personality, snapshot: Snapshot) -> tuple[int, ...]:
    """The dials as the snapshot shows them: those of birth where the band is still theirs, else the band's middle."""
    shown = [int(digit) for digit in snapshot.bands]
    return tuple(
        value if band(value) == at else (2 * at + 1) * DIAL_RANGE // (2 * _BANDS)
        for value, at in zip(born.dials, shown, strict=True)
    )
