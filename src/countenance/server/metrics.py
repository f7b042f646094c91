"""What Prometheus is told: counts and times by kind, never by person, call or tenant."""

from collections import Counter as Count
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from countenance.contracts.call import Modality
from countenance.contracts.trust import ConsentStatus

MEDIA_TYPE = CONTENT_TYPE_LATEST
STAGES = ("detect", "encode", "fuse", "aggregate", "audit")
LATENCIES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8, 1.2, 2.0, 5.0)
REQUESTS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

Standing = Iterable[tuple[Modality, ConsentStatus]]
"""The answers that stand in running calls, one per person and modality."""


class Metrics:
    """The metrics of one process."""

    def __init__(self, *, priced: bool = False, exporting: bool = False) -> None:
        """`priced`: what a core costs is configured; `exporting`: where the log is exported to is."""
        self.registry = CollectorRegistry()
        self._requests = self._counter("http_requests", "Requests answered", "method", "route", "status")
        self._request_s = self._histogram("http_request_seconds", "Time to answer", REQUESTS, "route")
        self.event_latency = self._histogram(
            "event_latency_seconds", "From the last media packet at the tap to the event written", LATENCIES
        )
        self.inference_latency = self._histogram("inference_latency_seconds", "Time in a stage", LATENCIES, "stage")
        self.frames_dropped = self._counter("frames_dropped", "Media that was not read", "reason")
        self.decoded_frames = self._counter("decoded_frames", "Media that was decoded", "modality")
        self.inference = self._counter("inference", "Model calls")
        self.abstain_ratio = self._gauge("abstain_ratio", "Share of windows without a reading", "reason")
        self.prompts = self._counter("prompt", "Prompts shown", "outcome")
        self.worker_load = self._gauge("worker_load", "Share of a worker's time that is taken", "worker")
        self.worker_deaths = self._counter("worker_deaths", "Workers that died under calls, and were replaced")
        self.unreadable = self._counter("unreadable_calls", "Calls that are read no more because their workers died")
        self.webhooks = self._counter("webhook_delivery", "Attempts to deliver", "result")

        when, registry = "When every log was exported last", self.registry if exporting else None
        self.exported = Gauge("countenance_audit_export_timestamp_seconds", when, registry=registry)

        about = "CPU of the workers at the configured price"
        self.cost = self._gauge("cost_usd_per_minute", about) if priced else None

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        self._requests.labels(method, route, str(status)).inc()
        self._request_s.labels(route).observe(seconds)

    def watch(self, standing: Callable[[], Standing], rows: Callable[[], int], calls: Callable[[], int]) -> None:
        """Read consents, log rows and live calls whenever somebody looks."""
        self.registry.register(_Now(standing, rows, calls))

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"countenance_{name}", about, labels, registry=self.registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"countenance_{name}", about, labels, registry=self.registry)

    def _histogram(self, name: str, about: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"countenance_{name}", about, labels, registry=self.registry, buckets=buckets)


class _Now(Collector):
    """What is counted when somebody looks."""

    def __init__(self, standing: Callable[[], Standing], rows: Callable[[], int], calls: Callable[[], int]) -> None:
        self._standing = standing
        self._rows = rows
        self._calls = calls

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked up to register."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """The present counts."""
        consents = GaugeMetricFamily(
            "countenance_consent_state", "Answers in running calls", labels=("modality", "status")
        )
        for (modality, status), number in sorted(Count(self._standing()).items()):
            consents.add_metric((modality, str(status)), number)
        yield consents
        yield CounterMetricFamily("countenance_audit_rows", "Entries of all logs", self._rows())
        yield GaugeMetricFamily("countenance_live_calls", "Calls that are running", self._calls())
