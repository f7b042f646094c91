"""JSON Schemas 2020-12 of everything that is written, from one place.

`python -m countenance.surface.schemas FOLDER` writes them, one file per event type. They are open, as receivers must
ignore fields that they do not know; the project's own tests also hold every line to their closed form.
"""

import json
import sys
from pathlib import Path

from countenance.contracts.call import Purpose, Role
from countenance.contracts.readings import Reason
from countenance.contracts.trust import ConsentStatus, Effect, Layer
from countenance.surface import envelope
from countenance.surface import prompt_schemas as prompts
from countenance.surface.notes.schema import accepted, note_schema
from countenance.surface.receipt_schema import receipt_schema
from countenance.surface.schema_terms import (
    DIGEST,
    MICROSECONDS,
    PROBABILITY,
    SIGNED,
    TEXT,
    Schema,
    array,
    maybe,
    one_of,
    record,
    span,
    table,
)
from countenance.surface.summary_schema import summary_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE = "io.countenance.envelope.v1"
SUMMARY = "io.countenance.summary.v1"
NOTE = "io.countenance.note.v1"
RECEIPT = "io.countenance.consent.receipt.v1"


def schemas() -> dict[str, Schema]:
    """Every schema by the name of its file, without `.json`."""
    return {
        ENVELOPE: _named(ENVELOPE, "The CloudEvents 1.0 envelope of every line.", _envelope()),
        RECEIPT: _named(RECEIPT, "The receipt of an answer about consent, receipt.json.", receipt_schema()),
        NOTE: _named(NOTE, "A note about one person that a reviewer let leave.", note_schema()),
        SUMMARY: _named(SUMMARY, "The summary of one call, summary.json.", summary_schema()),
        envelope.SAMPLE: _named(envelope.SAMPLE, "One tick of one taxonomy, possibly abstained.", _sample()),
        envelope.STARTED: _named(envelope.STARTED, "A state was entered.", _event()),
        envelope.ENDED: _named(envelope.ENDED, "The same state was left.", _event()),
        envelope.AGGREGATE: _named(envelope.AGGREGATE, "What a group showed as a whole.", _aggregate()),
        envelope.CONSENT_CHANGED: _named(envelope.CONSENT_CHANGED, "An answer about consent.", _consent()),
        envelope.PROMPT_ISSUED: _named(envelope.PROMPT_ISSUED, "A coach is advised.", prompts.issued()),
        envelope.PROMPT_RESOLVED: _named(envelope.PROMPT_RESOLVED, "What became of it.", prompts.resolved()),
        envelope.POLICY_REFUSED: _named(envelope.POLICY_REFUSED, "The gate prohibits.", _refused()),
        envelope.CALL_SUMMARY: _named(
            envelope.CALL_SUMMARY, "The summary is ready; `dataref` says where.", record({"summary_id": TEXT})
        ),
        envelope.NOTE_ACCEPTED: _named(
            envelope.NOTE_ACCEPTED, "A note may be fetched; `dataref` says where.", accepted()
        ),
        envelope.MEDIA_LOST: _named(
            envelope.MEDIA_LOST,
            "What a participant publishes arrives no more; `session` as the WHIP session's `Location` named it.",
            record({"participant_id": TEXT, "session": TEXT}),
        ),
        envelope.STREAM_GAP: _named(envelope.STREAM_GAP, "Events of a stream that are kept nowhere any more.", _gap()),
    }


def to_text(schema: Schema) -> str:
    """The file of a schema."""
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def write(folder: Path) -> tuple[Path, ...]:
    """Write every schema into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / f"{name}.json": schema for name, schema in schemas().items()}
    for path, schema in paths.items():
        path.write_text(to_text(schema), encoding="utf-8")
    return tuple(paths)


def _named(name: str, title: str, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "$id": f"/schemas/{name}.json", "title": title, **schema}


def _envelope() -> Schema:
    required: Schema = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "pattern": "^/deployments/[^/]+/calls/[^/]+$"},
        "type": {"type": "string", "pattern": r"^io\.countenance\.[a-z0-9_.]+\.v1$"},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "pattern": r"^/schemas/io\.countenance\.[a-z.]+\.v1\.json$"},
        "sequence": {"type": "string", "pattern": "^[0-9]{12}$"},
        "dataclassification": one_of(*envelope.LEVELS),
        "data": {"type": "object"},
    }
    optional: Schema = {
        "subject": {"type": "string", "pattern": "^participants/[^/]+$"},
        "time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
        "expirytime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
        "correlationid": TEXT,
        "causationid": TEXT,
        "dataref": TEXT,
        "dataregulation": {"type": "string", "pattern": "^[A-Z]+(,[A-Z]+)*$"},
        "datacategory": {"type": "string", "pattern": "^[a-z-]+(,[a-z-]+)*$"},
    }
    return record(required, optional)


def _sample() -> Schema:
    required, optional = _signal_members()
    return record(required, optional) | {
        "if": {"required": ["abstain"]},
        "then": {"properties": {"label": {"type": "null"}, "probability": {"type": "null"}}},
    }


def _event() -> Schema:
    required, optional = _signal_members()
    return record({"signal_id": TEXT, **required, "label": TEXT}, optional)


def _signal_members() -> tuple[Schema, Schema]:
    use = record({"used": {"type": "boolean"}, "weight": PROBABILITY, "quality": PROBABILITY}, {"reason": TEXT})
    model = record({"id": TEXT, "version": TEXT, "sha256": DIGEST})
    feature = record({"feature": TEXT, "value": {"type": "number"}, "effect": {"type": "number"}})
    receipts = record({"receipt_id": TEXT, "version": {"type": "integer"}, "receipts": table(TEXT)})
    required: Schema = {
        "subject": record({"participant_id": TEXT, "role": one_of(*Role)}),
        "window": record({"start_us": MICROSECONDS, "end_us": MICROSECONDS}),
        "taxonomy": {"type": "string", "pattern": r"^[a-z0-9_]+\.v[0-9]+$"},
        "label": maybe(TEXT),
        "probability": maybe(PROBABILITY),
        "interval": maybe(span(PROBABILITY)),
        "calibration_id": TEXT,
        "modalities": table(use),
        "evidence": array(feature),
        "models": array(model),
        "consent": maybe(receipts),
        "policy": record({"pack": TEXT, "version": {"type": "string"}, "decision_id": {"type": "string"}}),
        "audit": record({"lease": maybe(TEXT)}, {"seq": {"type": "integer", "minimum": 0}, "hash": TEXT}),
    }
    optional: Schema = {
        "abstain": record({"reason": one_of(*Reason), "detail": {"type": "string"}}),
        "labels": table(record({"probability": PROBABILITY, "interval": span(PROBABILITY)})),
        "dimensions": table(record({"value": SIGNED, "interval": span(SIGNED)})),
        "latency_us": MICROSECONDS,
    }
    return required, optional


def _aggregate() -> Schema:
    many: Schema = {"type": "integer", "minimum": 10}
    return record(
        {
            "group": record({"size": many, "k": many}),
            "window": record({"start_us": MICROSECONDS, "end_us": MICROSECONDS}),
            "taxonomy": {"type": "string", "pattern": r"^[a-z0-9_]+\.v[0-9]+$"},
            "means": table(SIGNED),
        }
    )


def _consent() -> Schema:
    return record(
        {
            "participant_id": TEXT,
            "modality": TEXT,
            "purpose": one_of(*Purpose),
            "status": one_of(*ConsentStatus),
            "at_us": {"type": "integer"},
            "receipt_id": TEXT,
            "version": {"type": "integer", "minimum": 1},
        }
    )


def _gap() -> Schema:
    place: Schema = {"type": "string", "pattern": "^[0-9]{12}$"}
    return record({"after": place, "before": place, "lost": {"type": "integer", "minimum": 1}})


def _refused() -> Schema:
    verdict = record(
        {
            "rule_id": TEXT,
            "layer": one_of(*Layer),
            "verdict": one_of(*Effect),
            "reason": TEXT,
            "citation": TEXT,
            "applies_from": maybe({"type": "string", "format": "date"}),
        }
    )
    return record(
        {
            "participant_id": TEXT,
            "modality": TEXT,
            "rulings": {**array(verdict), "minItems": 1},
            "downgraded_to": array(TEXT),
            "policy_digest": {"type": "string"},
        }
    )


if __name__ == "__main__":
    for path in write(Path(sys.argv[1])):
        print(path)
