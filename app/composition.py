"""Composition: everything a snapshot publishes, made from who the token is, how it is now, and its text. Pure.

personality, text, state ─▶ media ─▶ directory ─▶ canonical document ─▶ hosted answer ─▶ the consumers' verdict
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import brotli

from app.consumers.preflight import preflight
from app.errors import Conflict
from app.provenance import unixfs
from app.provenance.canonical import canonical_json
from app.provenance.ids import AgentId
from personalities import (
    Pack,
    Personality,
    band_word,
    description,
    placeholder_description,
    placeholder_document,
    placeholder_name,
)
from renderers import (
    PLACEHOLDER_STATE,
    Manifest,
    Media,
    Place,
    Sealed,
    Sources,
    State,
    Subject,
    get_renderer,
    hosted,
    placeholder_manifest,
    placeholder_token_document,
    render,
    render_placeholder,
    token_document,
)

RULESET: Final = "R0"

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "png": "image/png",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Text:
    """One version of a token's BEAUVOIR.md."""

    version: int
    body: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def cid(self) -> str:
        return unixfs.file(self.body.encode()).cid


@dataclass(frozen=True, slots=True)
class Published:
    """What one snapshot publishes, with its content ids."""

    name: str
    snapshot: int
    bands: tuple[int, ...]
    """16 of 0..6, in the order of the dials; empty before the reveal."""
    stage: str
    level: int
    day: str
    text: Text
    media: Media
    directory: unixfs.Dag
    canonical: bytes
    document: unixfs.Dag
    hosted: bytes
    hosted_gzip: bytes
    hosted_br: bytes
    diagnosis: bytes
    """JSON report of the consumer rules, brotli-compressed: it is long and seldom read."""
    renderer: str
    """name@version+hash."""


def compose(
    agent: AgentId,
    origin: str,
    personality: Personality,
    pack: Pack,
    text: Text,
    state: State,
    *,
    renderer: str,
    day: str,
) -> Published:
    """One snapshot. `day` is YYYY-MM-DD. Same input, same bytes. Raises Conflict when a consumer would misread it."""
    subject = Subject(
        agent_id=str(agent),
        name=personality.name,
        signals=personality.signals,
        slots=personality.slots,
        seed=personality.seed,
        pack=personality.pack,
    )
    media = render(subject, state, text.body.encode(), renderer=renderer)
    directory = _directory(media)
    document = token_document(
        subject=subject,
        state=state,
        description=description(personality, pack),
        band_words=tuple(band_word(dial, band) for dial, band in enumerate(state.bands)),
        place=_place(agent, origin),
        sources=_sources(directory, text, day),
    )
    manifest = get_renderer(renderer).manifest()
    return _published(agent, origin, document, media, directory, text, state, state.bands, day, manifest)


def compose_placeholder(agent: AgentId, origin: str, pack: Pack, *, day: str) -> Published:
    """Snapshot 1 of a token of a blind collection: the pack's placeholder, which depends on nothing that is not known
    before the reveal. Same input, same bytes."""
    name = placeholder_name(pack, agent.token_id)
    sealed = Sealed(str(agent), name, pack.placeholder.motif, pack.placeholder.colours, pack.id)
    text = Text(1, placeholder_document(pack, agent.token_id))
    media = render_placeholder(sealed, text.body.encode())
    directory = _directory(media)
    document = placeholder_token_document(
        sealed=sealed,
        description=placeholder_description(pack),
        place=_place(agent, origin),
        sources=_sources(directory, text, day),
    )
    return _published(
        agent, origin, document, media, directory, text, PLACEHOLDER_STATE, (), day, placeholder_manifest()
    )


def _directory(media: Media) -> unixfs.Dag:
    return unixfs.directory({name: unixfs.file(data) for name, data in media.items()})


def _place(agent: AgentId, origin: str) -> Place:
    return Place(origin, agent.chain_id, agent.contract, agent.token_id)


def _sources(directory: unixfs.Dag, text: Text, day: str) -> Sources:
    return Sources(directory.cid, text.cid, text.sha256, text.version, RULESET, day)


def _published(
    agent: AgentId,
    origin: str,
    document: Mapping[str, Any],
    media: Media,
    directory: unixfs.Dag,
    text: Text,
    state: State,
    bands: tuple[int, ...],
    day: str,
    manifest: Manifest,
) -> Published:
    canonical = canonical_json(document)
    served = hosted(canonical, origin)
    return Published(
        name=str(document["name"]),
        snapshot=state.snapshot,
        bands=bands,
        stage=state.stage,
        level=state.level,
        day=day,
        text=text,
        media=media,
        directory=directory,
        canonical=canonical,
        document=unixfs.file(canonical),
        hosted=served,
        hosted_gzip=gzip.compress(served, 9, mtime=0),
        hosted_br=brotli.compress(served, quality=9),
        diagnosis=_diagnosis(agent, origin, served, media),
        renderer=f"{manifest}+{manifest.sha256}",
    )


def _diagnosis(agent: AgentId, origin: str, served: bytes, media: Media) -> bytes:
    shown = json.loads(served)
    report = preflight(
        shown,
        url=f"{origin}{agent.path}",
        image_url=shown["image"],
        image_type=MEDIA_TYPES["png"],
        image=media["image.png"],
        animation_url=shown["animation_url"],
        animation_type=MEDIA_TYPES["html"],
        animation=media["animation.html"],
        body=served,
    )
    if not report.passed:
        failed = ", ".join(sorted({row.rule for row in report.failures()}))
        raise Conflict(
            f"The document of token {agent.token_id} would be misread: {failed}.", hint="Mend the pack or the renderer."
        )
    return bytes(brotli.compress(canonical_json(report.to_json()), quality=5))
