"""The schema of summary.json."""

from countenance.contracts.call import Purpose, Role
from countenance.contracts.trust import ConsentStatus, Effect, Layer
from countenance.surface.advised import advised_schema
from countenance.surface.record import Use
from countenance.surface.schema_terms import (
    DIGEST,
    MICROSECONDS,
    PROBABILITY,
    TEXT,
    Schema,
    array,
    maybe,
    one_of,
    record,
    span,
    table,
)

STRING: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
TIMES: Schema = {"start_us": MICROSECONDS, "end_us": MICROSECONDS}


def summary_schema() -> Schema:
    """The whole summary."""
    return record(
        {
            "schema": STRING,
            "version": STRING,
            "notice": {**array(TEXT), "minItems": 2},
            "call": _call(),
            "participants": array(_participant()),
            "events": array(_event()),
            "top_moments": array(_moment()),
            "silences": array(record(TIMES)),
            "dead_air_us": MICROSECONDS,
            "transcript": record({"read": COUNT, "not_scored": COUNT, "hidden": COUNT}),
            "models": array(_model()),
            "policy": record({"pack": TEXT, "digest": STRING}),
            "retention_days": maybe(COUNT),
            "audit": maybe(_audit()),
            "settings": table(STRING),
            "processing": table(STRING),
        },
        {"coaching": advised_schema()},
    )


def _call() -> Schema:
    return record(
        {
            "id": TEXT,
            "deployment_id": TEXT,
            "purpose": one_of(*Purpose),
            "started_at": maybe(TEXT),
            "duration_us": MICROSECONDS,
            "jurisdictions": array(TEXT),
        }
    )


def _participant() -> Schema:
    gap = record({"modality": TEXT, **TIMES, "reason": TEXT, "words": TEXT})
    return record(
        {
            "participant_id": TEXT,
            "name": STRING,
            "role": one_of(*Role),
            "modalities": array(_modality()),
            "states": array(_states()),
            "gaps": array(gap),
            "talk": maybe(_talk()),
        }
    )


def _modality() -> Schema:
    verdict = record(
        {
            "rule_id": TEXT,
            "layer": one_of(*Layer),
            "verdict": one_of(*Effect),
            "reason": TEXT,
            "citation": TEXT,
            "applies_from": maybe(TEXT),
        },
        {"said": TEXT},
    )
    ruling = record(
        {
            "effect": one_of(*Effect),
            "verdicts": {**array(verdict), "minItems": 1},
            "consent_kind": TEXT,
            "duties": array(TEXT),
        }
    )
    consent = record({"status": one_of(*ConsentStatus), "receipt_id": TEXT, "version": COUNT})
    return record(
        {
            "modality": TEXT,
            "use": one_of(*Use),
            "stopped_us": maybe({"type": "integer"}),
            "consent": maybe(consent),
            "ruling": ruling,
        }
    )


def _states() -> Schema:
    return record(
        {
            "taxonomy": TEXT,
            "labels": table(record({"time_us": MICROSECONDS, "share": PROBABILITY})),
            "unclear_us": MICROSECONDS,
            "not_sure": array(record({"reason": TEXT, "words": TEXT, "time_us": MICROSECONDS})),
            "not_read_us": MICROSECONDS,
        }
    )


def _talk() -> Schema:
    response = record(
        {"count": COUNT, "median_us": maybe(MICROSECONDS), "p90_us": maybe(MICROSECONDS), "overlaps": COUNT}
    )
    return record(
        {
            "sources": array(one_of("voice", "transcript")),
            "talk_us": MICROSECONDS,
            "talk_share": PROBABILITY,
            "turns": COUNT,
            "longest_monologue": maybe(record(TIMES)),
            "pauses": COUNT,
            "longest_pause_us": MICROSECONDS,
            "response": response,
            "interruptions": COUNT,
            "interrupted": COUNT,
            "words_per_minute": maybe(NUMBER),
        }
    )


def _event() -> Schema:
    return record(
        {
            "signal_id": TEXT,
            "name": TEXT,
            "participant_id": TEXT,
            "taxonomy": TEXT,
            "label": TEXT,
            "start_us": MICROSECONDS,
            "end_us": maybe(MICROSECONDS),
            "probability": maybe(PROBABILITY),
            "interval": maybe(span(PROBABILITY)),
            "words": TEXT,
        }
    )


def _moment() -> Schema:
    return record(
        {
            "participant_id": TEXT,
            "taxonomy": TEXT,
            "label": TEXT,
            **TIMES,
            "probability": PROBABILITY,
            "interval": span(PROBABILITY),
            "words": TEXT,
            "quote": STRING,
        }
    )


def _model() -> Schema:
    figure = record(
        {
            "metric": TEXT,
            "value": NUMBER,
            "low": maybe(NUMBER),
            "high": maybe(NUMBER),
            "n": COUNT,
            "protocol": STRING,
            "majority": maybe(NUMBER),
        }
    )
    return record(
        {
            "id": TEXT,
            "version": TEXT,
            "modality": TEXT,
            "task": TEXT,
            "summary": STRING,
            "licence": record({"weights": STRING, "data": STRING}),
            "commercial": {"type": "boolean"},
            "figures": array(figure),
            "limits": array(TEXT),
            "files": table(DIGEST),
        }
    )


def _audit() -> Schema:
    return record(
        {
            "path": TEXT,
            "entries": COUNT,
            "root": STRING,
            "call_ref": STRING,
            "subjects": table(STRING),
            "counts": table(COUNT),
            "verify": STRING,
        }
    )
