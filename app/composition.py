"""Composition: everything a snapshot publishes, made from who the token is, how it is now, and its text. Pure.

personality, text, state ─▶ media ─▶ directory ─▶ canonical document ─▶ hosted answer ─▶ the consumers' verdict
"""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import brotli

from app.consumers.preflight import preflight
from app.errors import Conflict
from app.provenance import unixfs
from app.provenance.canonical import canonical_json
from app.provenance.ids import AgentId
from personalities import Pack, Personality, band_word, description
from renderers import Media, State, Subject, get_renderer, hosted, render, token_document

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

    state: State
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
    directory = unixfs.directory({name: unixfs.file(data) for name, data in media.items()})
    document = token_document(
        subject=subject,
        state=state,
        description=description(personality, pack),
        band_words=tuple(band_word(dial, band) for dial, band in enumerate(state.bands)),
        origin=origin,
        chain_id=agent.chain_id,
        contract=agent.contract,
        token_id=agent.token_id,
        media_cid=directory.cid,
        beauvoir_cid=text.cid,
        beauvoir_sha256=text.sha256,
        document_version=text.version,
        ruleset=RULESET,
        day=day,
    )
    canonical = canonical_json(document)
    served = hosted(canonical, origin)
    manifest = get_renderer(renderer).manifest()
    return Published(
        state=state,
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
