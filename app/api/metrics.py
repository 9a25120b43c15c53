"""What a web process counts. The hot path adds to plain integers; they are read when somebody asks."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from app.api.public import PublicEdge
from app.api.rsgi import Server


class EdgeCollector(Collector):
    def __init__(self, server: Server, edge: PublicEdge) -> None:
        self._server = server
        self._edge = edge

    def collect(self) -> Iterable[Metric]:
        reads = CounterMetricFamily("dnft_public_reads", "Public reads by source of the answer", labels=["source"])
        reads.add_metric(["memory"], self._server.hits)
        reads.add_metric(["database"], self._server.reads)
        yield reads
        yield GaugeMetricFamily("dnft_cache_entries", "Answers kept in memory", value=len(self._edge.cache))
        yield GaugeMetricFamily("dnft_cache_bytes", "Memory they take, roughly", value=self._edge.cache.bytes)
        down = 0 if self._edge.feed.down_since is None else 1
        yield GaugeMetricFamily("dnft_database_down", "1 while the database does not answer", value=down)


def registry(server: Server, edge: PublicEdge) -> CollectorRegistry:
    made = CollectorRegistry()
    made.register(EdgeCollector(server, edge))
    return made
