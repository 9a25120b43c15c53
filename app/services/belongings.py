"""What is kept about a user, for the user: listed, forgotten one by one, exported. Sealed tenures too are theirs.

Erasing all of it is `services/erasing.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.boxes import Boxes
from app.db.database import Database
from app.db.repositories import Unit
from app.db.repositories.memory import digest, opened, scope_of
from app.db.tables import Conversation, DataKey
from app.errors import NotFound
from app.folding import written
from app.provenance.ids import AgentId, checksum_address
from app.remembering import Remembered
from app.scope import Scope


@dataclass(frozen=True, slots=True)
class Kept:
    """A memory, and where it belongs."""

    agent: str
    """CAIP-19; empty while the collection has no contract."""
    sealed: bool
    """Whether a transfer ended its tenure: then nobody but its user has it, and the agent does not recall it."""
    fact: Remembered


class Belongings:
    """Of one user at a time, by pseudonym; in every project, for a holder does not know what is whose."""

    def __init__(self, database: Database, boxes: Boxes) -> None:
        self._database = database
        self._boxes = boxes

    def memories(self, user: str, agent: AgentId | None = None) -> list[Kept]:
        """What agents remember of the user, or what one does; in the order it was first told."""
        with self._database.read() as unit:
            found = [
                Kept(name, key.sealed_at is not None, fact)
                for project_id in unit.belongings.projects(user)
                for key in unit.belongings.keys(project_id, user)
                for name in [_agent(unit, scope_of(key))]
                if agent is None or name == str(agent)
                for fact in self._facts(unit, key)
            ]
        return sorted(found, key=lambda each: each.fact.id)

    def forget(self, user: str, memory_id: int) -> None:
        """Delete one memory and, because it may tell the same, the summary of its scope. Raises NotFound for what is
        not this user's."""
        with self._database.write() as unit:
            for project_id in unit.belongings.projects(user):
                row = unit.belongings.memory(project_id, user, memory_id)
                if row is not None:
                    unit.memories.drop(scope_of(row), [memory_id])
                    unit.memories.drop_summary(scope_of(row))
                    return
        raise NotFound("There is no such memory of yours.")

    def export(self, user: str) -> list[dict[str, Any]]:
        """Everything that can be read of a user, a scope at a time, as JSON values."""
        with self._database.read() as unit:
            return [
                each for project_id in unit.belongings.projects(user) for each in self._exported(unit, project_id, user)
            ]

    def _exported(self, unit: Unit, project_id: int, user: str) -> list[dict[str, Any]]:
        keys = {scope_of(key): key for key in unit.belongings.keys(project_id, user) if key.wrapped is not None}
        talks: dict[Scope, list[Conversation]] = {scope: [] for scope in keys}
        for talk in unit.belongings.conversations(project_id, user):
            scope = Scope(project_id, talk.collection_id, talk.token_id, talk.tenure, user)
            talks.setdefault(scope, []).append(talk)
        return [
            {
                "agent": _agent(unit, scope),
                "tenure": scope.tenure,
                "sealed": scope in keys and keys[scope].sealed_at is not None,
                "summary": self._summary(unit, keys[scope]) if scope in keys else "",
                "memories": [shown(fact) for fact in self._facts(unit, keys[scope])] if scope in keys else [],
                "conversations": [self._conversation(unit, keys.get(scope), talk) for talk in mine],
            }
            for scope, mine in talks.items()
        ]

    def _facts(self, unit: Unit, key: DataKey) -> list[Remembered]:
        if key.wrapped is None:
            return []
        scope = scope_of(key)
        box = self._boxes.open(scope, key.wrapped)
        return [opened(row, box) for row in unit.memories.facts(scope)]

    def _summary(self, unit: Unit, key: DataKey) -> str:
        scope = scope_of(key)
        row = unit.memories.summary(scope)
        return written(digest(row, self._boxes.open(scope, key.wrapped))) if row is not None else ""

    def _conversation(self, unit: Unit, key: DataKey | None, talk: Conversation) -> dict[str, Any]:
        box = self._boxes.open(scope_of(key), key.wrapped) if key is not None else None
        messages: Sequence[dict[str, Any]] = [
            {
                "number": message.number,
                "role": message.role,
                "state": message.state,
                "content": box.open(message.body) if box is not None and message.body else "",
                "createdAt": message.created_at,
            }
            for message in unit.belongings.messages(talk.project_id, talk.user, talk.id)
        ]
        return {
            "id": talk.id,
            "role": talk.role,
            "offRecord": talk.off_record,
            "createdAt": talk.created_at,
            "messages": messages,
        }


def shown(fact: Remembered) -> dict[str, Any]:
    """A memory as its user sees it."""
    return {
        "id": fact.id,
        "kind": fact.kind,
        "text": fact.text,
        "words": fact.words,
        "day": fact.day,
        "when": fact.when,
        "endedOn": fact.ended,
    }


def _agent(unit: Unit, scope: Scope) -> str:
    collection = unit.collections.get(scope.project_id, scope.collection_id)
    if collection.contract is None:
        return ""
    return str(AgentId(collection.chain_id, checksum_address(collection.contract), scope.token_id))
