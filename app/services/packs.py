"""Packs that collections keep: births go on with the words they began with, whatever pack is at hand today."""

from functools import lru_cache
from pathlib import Path

import brotli
import structlog

from app.db.database import Database
from app.db.tables import Collection, KeptPack
from app.errors import Conflict
from personalities import Pack, PackError, load_pack, unpacked

log = structlog.get_logger("packs")


class Packs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, collection: Collection) -> Pack:
        """The pack a collection is born of. Raises Conflict when it was not kept and the one at hand is another."""
        with self._database.read() as unit:
            kept = unit.collections.pack(collection.pack_hash)
        if kept is not None:
            try:
                pack = _unpacked(kept.data)
            except (PackError, brotli.error):
                log.error("kept pack is damaged", pack=kept.pack, hash=kept.hash)
            else:
                if (pack.id, pack.hash) == (collection.pack, collection.pack_hash):
                    return pack
        found = "none"
        try:
            pack = load_pack(collection.pack.partition("@")[0])
        except PackError:
            pass
        else:
            if (pack.id, pack.hash) == (collection.pack, collection.pack_hash):
                return pack
            found = f"{pack.id} ({pack.hash[:12]}…)"
        raise Conflict(
            f"Collection {collection.slug} is born of {collection.pack} ({collection.pack_hash[:12]}…); "
            f"the pack at hand is {found}, and births of one collection never mix packs.",
            hint="Give the folder of that version to `dnft pack keep DIR`; births then go on with it.",
        )

    def keep(self, name_or_path: str | Path) -> KeptPack:
        """Keep a pack for collections that are born of it. Raises PackError."""
        with self._database.write() as unit:
            return unit.collections.keep_pack(name_or_path)


@lru_cache(maxsize=8)
def _unpacked(data: bytes) -> Pack:
    return unpacked(brotli.decompress(data))
