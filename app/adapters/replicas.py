"""ContentKeeper over several stores: a replica counts only when it was read back."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import ContentCorrupt, StoreUnavailable, UnknownContent
from app.ports import Cid, ContentStore, Pinner
from app.provenance import car
from app.provenance.unixfs import Dag


@dataclass(frozen=True, slots=True)
class Replica:
    """A place content is kept: a store, and what pins there."""

    store: ContentStore
    pinner: Pinner


class Replicas:
    def __init__(self, replicas: Sequence[Replica], wanted: int) -> None:
        self.replicas = tuple(replicas)
        self.wanted = wanted

    def keep(self, dags: Sequence[Dag]) -> None:
        archives = [b"".join(car.write(dag.cid, dag.blocks.items())) for dag in dags]
        good, errors = 0, []
        for replica in self.replicas:
            try:
                for dag, archive in zip(dags, archives, strict=True):
                    replica.store.put_car(archive)
                    replica.pinner.pin(Cid(dag.cid))
                    for cid, block in dag.blocks.items():
                        if replica.store.get_block(Cid(cid)) != block:
                            raise ContentCorrupt(f"{replica.store.name} returned other bytes for {cid}.")
                good += 1
            except (StoreUnavailable, ContentCorrupt, UnknownContent) as error:
                errors.append(f"{replica.store.name}: {error.message}")
        if good < self.wanted:
            raise StoreUnavailable(
                f"Only {good} of {self.wanted} replicas hold the new content. {' '.join(errors)}",
                hint="Start or mend the stores (`dnft doctor` names them); nothing was shown and a retry goes on here.",
            )
