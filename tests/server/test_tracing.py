import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import SecretStr
from tests.server.api.scene import Scene

from countenance.contracts.errors import UsageError
from countenance.server.config import OtelTable
from countenance.server.tracing import NoTracing, OpenTelemetry, tracing_of

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def scene(tmp_path: Path, exporter: InMemorySpanExporter) -> Iterator[Scene]:
    made = Scene(tmp_path)
    made.site.tracing = OpenTelemetry(exporter, 1.0, at_once=True)

    @made.app.get("/break/{name}")
    async def breaks(name: str) -> None:
        raise KeyError(name)

    yield made
    made.site.tracing.close()


async def test_a_request_is_a_span_named_by_its_pattern(scene: Scene, exporter: InMemorySpanExporter) -> None:
    async with scene.client() as client:
        answer = await client.get("/break/Ana?name=Ana", headers={"user-agent": "Ana"})
    (span,) = exporter.get_finished_spans()
    assert span.name == "GET /break/{name}"
    assert span.attributes == {
        "http.request.method": "GET",
        "http.route": "/break/{name}",
        "http.response.status_code": 500,
        "countenance.correlation_id": answer.headers["x-correlation-id"],
    }
    assert "Ana" not in span.to_json()
    assert span.events == ()


async def test_a_span_continues_the_trace_of_the_caller(scene: Scene, exporter: InMemorySpanExporter) -> None:
    async with scene.client() as client:
        await client.get("/healthz", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    (span,) = exporter.get_finished_spans()
    assert span.context is not None
    assert f"{span.context.trace_id:032x}" == TRACE


async def test_a_caller_who_does_not_trace_is_not_traced(scene: Scene, exporter: InMemorySpanExporter) -> None:
    async with scene.client() as client:
        await client.get("/healthz", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-00"})
    assert exporter.get_finished_spans() == ()


def test_nothing_is_traced_unless_it_is_configured() -> None:
    assert isinstance(tracing_of(OtelTable()), NoTracing)


def test_traces_go_where_they_are_configured_to_with_their_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, Mapping[str, str]]] = []

    class Exporter(InMemorySpanExporter):
        def __init__(self, endpoint: str, headers: Mapping[str, str]) -> None:
            super().__init__()
            told.append((endpoint, headers))

    monkeypatch.setattr("opentelemetry.exporter.otlp.proto.http.trace_exporter.OTLPSpanExporter", Exporter)
    table = OtelTable(endpoint="http://collector:4318/", headers=SecretStr("authorization=Basic abc=, x = y"))
    tracing_of(table).close()
    tracing_of(OtelTable(endpoint="http://collector:4318")).close()
    tracing_of(OtelTable(endpoint="http://collector:4318/v1/traces")).close()
    assert told == [
        ("http://collector:4318/v1/traces", {"authorization": "Basic abc=", "x": "y"}),
        ("http://collector:4318/v1/traces", {}),
        ("http://collector:4318/v1/traces", {}),
    ]


def test_a_missing_extra_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(UsageError, match=r"countenance\[otel\]"):
        tracing_of(OtelTable(endpoint="http://collector:4318"))
