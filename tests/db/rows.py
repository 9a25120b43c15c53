"""Rows with sensible values; a test states only what matters to it."""

from typing import Any

from app.db.tables import Birth, Collection, Snapshot, SnapshotState, Token, Version, Work


def collection(project_id: int, slug: str = "town", **changes: Any) -> Collection:
    values: dict[str, Any] = {
        "project_id": project_id,
        "slug": slug,
        "chain_id": 31337,
        "contract": None,
        "name": "Town",
        "symbol": "TOWN",
        "origin": "https://agents.example",
        "supply": 100,
        "seed": "5e" * 32,
        "pack": "dixie@1.0.0",
        "pack_hash": "ab" * 32,
        "created_at": 1,
    }
    return Collection(**{**values, **changes})


def token(project_id: int, collection_id: int, token_id: int, **changes: Any) -> Token:
    values: dict[str, Any] = {
        "project_id": project_id,
        "collection_id": collection_id,
        "token_id": token_id,
        "name": f"Agent {token_id}",
    }
    return Token(**{**values, **changes})


def birth(project_id: int, collection_id: int, token_id: int) -> Birth:
    return Birth(
        project_id=project_id,
        collection_id=collection_id,
        token_id=token_id,
        personality=b"{}",
    )


def version(project_id: int, collection_id: int, token_id: int, number: int = 1) -> Version:
    return Version(
        project_id=project_id,
        collection_id=collection_id,
        token_id=token_id,
        number=number,
        trigger="birth",
        document="# Agent",
        sha256="0" * 64,
        cid="b" * 59,
        dials="[]",
        signals="[]",
        seed="0" * 64,
        pack_hash="0" * 64,
        created_at=1,
    )


def snapshot(project_id: int, collection_id: int, token_id: int, n: int = 1, **changes: Any) -> Snapshot:
    values: dict[str, Any] = {
        "project_id": project_id,
        "collection_id": collection_id,
        "token_id": token_id,
        "n": n,
        "state": SnapshotState.PREPARED,
        "day": "2026-11-20",
        "bands": "3" * 16,
        "stage": "newborn",
        "level": 1,
        "media_cid": "b" * 59,
        "document_cid": "b" * 59,
        "document_sha256": "0" * 64,
        "renderer": "portrait@1",
        "canonical": b"{}",
        "hosted": b"{}",
        "hosted_gzip": b"",
        "hosted_br": b"",
        "hosted_sha256": "0" * 64,
        "diagnosis": b"{}",
        "created_at": 1,
    }
    return Snapshot(**{**values, **changes})


def work(project_id: int, collection_id: int, key: str, **changes: Any) -> Work:
    values: dict[str, Any] = {
        "project_id": project_id,
        "collection_id": collection_id,
        "key": key,
        "kind": "mint",
        "created_at": 1,
        "updated_at": 1,
    }
    return Work(**{**values, **changes})
