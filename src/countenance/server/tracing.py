"""OpenTelemetry traces of requests, where they are configured: method, route and status, and nothing of anybody."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from countenance import __version__
from countenance.contracts.errors import UsageError
from countenance.server.config import OtelTable

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span as OtelSpan

Headers = Iterable[tuple[bytes, bytes]]
CARRIED = frozenset({"traceparent", "tracestate"})


class Span(Protocol):
    """One traced request."""

    def ended(self, route: str, status: int, correlation_id: str) -> None:
        """Say what came of it."""
        ...


class Tracing(Protocol):
    """Where traces go."""

    def span(self, method: str, headers: Headers) -> AbstractContextManager[Span]:
        """A span around a request; it continues the caller's own trace."""
        ...

    def close(self) -> None:
        """Send what waits."""
        ...


class NoTracing:
    """Nothing is traced."""

    @contextmanager
    def span(self, method: str, headers: Headers) -> Iterator[Span]:  # noqa: ARG002
        """A span that goes nowhere."""
        yield self

    def ended(self, route: str, status: int, correlation_id: str) -> None:
        """Nothing to say."""

    def close(self) -> None:
        """Nothing waits."""


class Traced:
    """The span of a request at OpenTelemetry."""

    def __init__(self, span: "OtelSpan", method: str) -> None:
        self._span = span
        self._method = method

    def ended(self, route: str, status: int, correlation_id: str) -> None:
        """Name the span by its route, never by the path: ids stand in that."""
        self._span.update_name(f"{self._method} {route}")
        self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)
        self._span.set_attribute("countenance.correlation_id", correlation_id)


class OpenTelemetry:
    """Traces to one exporter, in batches."""

    def __init__(self, exporter: "SpanExporter", ratio: float, *, at_once: bool = False) -> None:
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

        about = Resource({"service.name": "countenance", "service.version": __version__})
        self._provider = TracerProvider(ParentBasedTraceIdRatio(ratio), about)
        self._provider.add_span_processor((SimpleSpanProcessor if at_once else BatchSpanProcessor)(exporter))
        self._tracer = self._provider.get_tracer("countenance")

    @contextmanager
    def span(self, method: str, headers: Headers) -> Iterator[Span]:
        """A span around a request; it continues the caller's own trace."""
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        carried = {name.decode(): value.decode("latin-1") for name, value in headers if name.decode() in CARRIED}
        context = TraceContextTextMapPropagator().extract(carried)
        facts = {"http.request.method": method}
        # The message of an error may hold what somebody said: neither it nor its trace is recorded.
        with self._tracer.start_as_current_span(
            method, context, SpanKind.SERVER, facts, record_exception=False, set_status_on_exception=False
        ) as span:
            yield Traced(span, method)

    def close(self) -> None:
        """Send what waits."""
        self._provider.shutdown()


def tracing_of(table: OtelTable) -> Tracing:
    """Traces as they are configured; raises UsageError where the extra is missing."""
    if table.endpoint is None:
        return NoTracing()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ModuleNotFoundError as error:
        raise UsageError(
            "otel.endpoint is set and OpenTelemetry is missing", 'Install it: `pip install "countenance[otel]"`.'
        ) from error
    # Receivers are named by their root or, as often, by the address of traces itself.
    root = table.endpoint.rstrip("/").removesuffix("/v1/traces")
    exporter = OTLPSpanExporter(f"{root}/v1/traces", headers=_headers(table))
    return OpenTelemetry(exporter, table.ratio)


def _headers(table: OtelTable) -> dict[str, str]:
    stated = table.headers.get_secret_value() if table.headers else ""
    pairs = (part.partition("=") for part in stated.split(",") if part.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}
