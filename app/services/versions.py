"""Versions of a token's BEAUVOIR.md after its birth. Rows are only ever added; the newest is the head, and whoever adds
one says which head they saw, so that nobody overwrites what they have not read.

    text ─▶ judged ─▶ composed as the next snapshot ─▶ stored, read back ─▶ head compared and set, snapshot prepared

A new text makes a new snapshot, because documents name the text's hash. Publishing and the next commit then show it.
"""

import json
from collections.abc import Callable, Sequence
from typing import Final

from app.composition import Text, compose
from app.db.database import Database
from app.db.tables import Collection, Snapshot, Version
from app.errors import Burned, Conflict, Invalid, NotFound, VersionConflict
from app.ports import Clock, ContentKeeper, Workshop
from app.provenance.ids import AgentId, checksum_address
from personalities import Draft, Pack, Personality, validate_document
from renderers import State

_TRIES: Final = 5
_PROBLEMS_SHOWN: Final = 5


class Versions:
    def __init__(
        self,
        database: Database,
        keeper: ContentKeeper,
        clock: Clock,
        calendar: Clock,
        packs: Callable[[Collection], Pack],
        workshop: Workshop,
    ) -> None:
        self._database = database
        self._keeper = keeper
        self._clock = clock
        self._calendar = calendar
        self._packs = packs
        self._workshop = workshop

    def of(self, project_id: int, collection_id: int, token_id: int) -> Sequence[Version]:
        """Every version, oldest first. Raises NotFound for a token that was not born."""
        with self._database.read() as unit:
            found = unit.texts.of(project_id, collection_id, token_id)
        if not found:
            raise NotFound(f"Token {token_id} has no text yet.")
        return found

    def write(
        self, project_id: int, collection_id: int, token_id: int, document: str, *, expected: int | None = None
    ) -> Version:
        """A version written by hand. `expected` is the head it was written for; default: the present one.

        Raises Invalid naming what is wrong with the text, VersionConflict when the head is another one by now,
        Conflict before the reveal, Burned. A text that is the head's own makes no version: the head is returned.
        """
        return self._add(project_id, collection_id, token_id, document, "manual", expected=expected)

    def judge(self, project_id: int, collection_id: int, token_id: int, document: str) -> list[str]:
        """What keeps a text from being this token's, in words; empty when nothing does."""
        _, personality, pack, _ = self._known(project_id, collection_id, token_id)
        return [f"{each.section}: {each.what}. {each.fix}" for each in validate_document(document, personality, pack)]

    def polish(
        self,
        project_id: int,
        collection_id: int,
        token_id: int,
        draft: Callable[[AgentId, Personality, Pack, str], Draft | None],
    ) -> Version | None:
        """A version by a model. A head that a model wrote already stays; None when no draft passed."""
        collection, personality, pack, _ = self._known(project_id, collection_id, token_id)
        head = self.of(project_id, collection_id, token_id)[-1]
        if head.trigger == "polish":
            return head
        agent = AgentId(collection.chain_id, checksum_address(collection.contract or ""), token_id)
        made = draft(agent, personality, pack, head.document)
        if made is None:
            return None
        return self._add(project_id, collection_id, token_id, made.document, "polish", expected=head.number, draft=made)

    def rollback(
        self, project_id: int, collection_id: int, token_id: int, to: int, *, expected: int | None = None
    ) -> Version:
        """A new version with the bytes of version `to`. Raises NotFound, and what `write` raises."""
        old = next((each for each in self.of(project_id, collection_id, token_id) if each.number == to), None)
        if old is None:
            raise NotFound(f"Token {token_id} has no version {to}.")
        if old.trigger == "placeholder":
            raise Conflict(f"Version {to} is the placeholder; there is no way back behind the reveal.")
        draft = Draft(old.document, old.model, old.prompt_hash, 0)
        return self._add(project_id, collection_id, token_id, old.document, "rollback", expected=expected, draft=draft)

    def _add(
        self,
        project_id: int,
        collection_id: int,
        token_id: int,
        document: str,
        trigger: str,
        *,
        expected: int | None,
        draft: Draft | None = None,
    ) -> Version:
        for _ in range(_TRIES):
            collection, personality, pack, newest = self._known(project_id, collection_id, token_id)
            head = self.of(project_id, collection_id, token_id)[-1]
            if expected is not None and head.number != expected:
                raise VersionConflict(
                    f"Token {token_id} is at version {head.number}, not {expected}.",
                    hint="Read the newest version and decide anew.",
                )
            if document == head.document:
                return head
            _require_sound(document, personality, pack)
            version = self._composed(
                collection, personality, pack, newest, head, document, trigger, draft or Draft(document, "", "", 0)
            )
            if version is not None:
                return version
        raise VersionConflict(f"Token {token_id} changes too fast.", hint="Try again.")

    def _composed(
        self,
        collection: Collection,
        personality: Personality,
        pack: Pack,
        newest: Snapshot,
        head: Version,
        document: str,
        trigger: str,
        draft: Draft,
    ) -> Version | None:
        """The stored version; None when the token moved on meanwhile."""
        now = self._calendar.now()
        agent = AgentId(collection.chain_id, checksum_address(collection.contract or ""), head.token_id)
        bands = tuple(int(digit) for digit in newest.bands)
        published = self._workshop.run(
            compose,
            agent,
            collection.origin,
            personality,
            pack,
            Text(head.number + 1, document),
            State(newest.n + 1, bands, newest.stage, newest.level),
            renderer=collection.renderer,
            day=max(now.date().isoformat(), newest.day),
        )
        self._keeper.keep((published.directory, published.document))
        version = Version(
            project_id=head.project_id,
            collection_id=head.collection_id,
            token_id=head.token_id,
            number=head.number + 1,
            parent=head.number,
            trigger=trigger,
            document=document,
            sha256=published.text.sha256,
            cid=published.text.cid,
            dials=head.dials,
            signals=head.signals,
            seed=head.seed,
            pack_hash=pack.hash,
            prompt_hash=draft.prompt_hash,
            model=draft.model,
            created_at=int(self._clock.now().timestamp()),
        )
        with self._database.write() as unit:
            unit.collections.get(head.project_id, head.collection_id, lock=True)
            now_newest = unit.tokens.newest(head.project_id, head.collection_id, head.token_id)
            if now_newest is None or now_newest.n != newest.n:
                return None
            if not unit.texts.set_head(
                head.project_id, head.collection_id, head.token_id, expected=head.number, version=version
            ):
                return None
            unit.contents.register(head.project_id, published)
            unit.tokens.prepare(
                head.project_id,
                head.collection_id,
                head.token_id,
                published,
                max(version.created_at, newest.created_at),
            )
        return version

    def _known(
        self, project_id: int, collection_id: int, token_id: int
    ) -> tuple[Collection, Personality, Pack, Snapshot]:
        with self._database.read() as unit:
            collection = unit.collections.get(project_id, collection_id)
            token = unit.tokens.get(project_id, collection_id, token_id)
            born = unit.tokens.birth(project_id, collection_id, token_id)
            newest = unit.tokens.newest(project_id, collection_id, token_id)
        if token is None or newest is None:
            raise NotFound(f"Token {token_id} was not born yet.", hint="`dnft mint` gives birth.")
        if token.burned:
            raise Burned(f"Token {token_id} was burned; its text stays as it is.")
        if born is None:
            raise Conflict(f"Token {token_id} has no personality before the reveal.", hint="`dnft reveal` first.")
        pack = self._packs(collection)
        return collection, Personality.from_json(json.loads(born.personality)), pack, newest


def _require_sound(document: str, personality: Personality, pack: Pack) -> None:
    problems = validate_document(document, personality, pack)
    if problems:
        shown = "; ".join(f"{each.section}: {each.what}" for each in problems[:_PROBLEMS_SHOWN])
        more = len(problems) - _PROBLEMS_SHOWN
        raise Invalid(
            f"The text cannot be published: {shown}" + (f"; and {more} more." if more > 0 else "."),
            hint=problems[0].fix,
        )
