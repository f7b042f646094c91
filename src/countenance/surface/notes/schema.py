"""The schemas of notes: the note itself, and the event that says there is one."""

from countenance.contracts.call import Purpose, Role
from countenance.surface.schema_terms import MICROSECONDS, TEXT, Schema, array, maybe, one_of, record

STRING: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SYSTEMS = ("crm", "lms", "ehr")


def accepted() -> Schema:
    """Whose note it is and for which system; what it says is fetched."""
    return record({"note_id": TEXT, "system": one_of(*SYSTEMS), "participant_id": TEXT})


def note_schema() -> Schema:
    """The whole note."""
    return record(
        {
            "schema": STRING,
            "note_id": TEXT,
            "system": one_of(*SYSTEMS),
            "status": one_of("preliminary", "final"),
            "language": one_of("en", "de", "es", "fr"),
            "notice": {**array(TEXT), "minItems": 2},
            "call": _call(),
            "participant": record(
                {"participant_id": TEXT, "role": one_of(*Role), "person": TEXT, "account": TEXT},
            ),
            "text": STRING,
            "states": array(record({"label": TEXT, "words": TEXT})),
            "moments": array(record({"at_us": MICROSECONDS, "name": TEXT, "words": TEXT})),
            "missing": array(record({"modality": TEXT, "use": TEXT, "words": TEXT})),
            "talk": maybe(record({"talk_us": MICROSECONDS, "turns": COUNT, "interruptions": COUNT})),
            "prompts": array(_prompt()),
            "comments": array(record({"at_us": MICROSECONDS, "words": TEXT})),
            "payloads": {"type": "object", "additionalProperties": {"type": "object"}},
        }
    )


def _call() -> Schema:
    return record(
        {
            "id": TEXT,
            "purpose": one_of(*Purpose),
            "started_at": maybe(TEXT),
            "duration_us": MICROSECONDS,
            "summary_id": TEXT,
            "review": TEXT,
        }
    )


def _prompt() -> Schema:
    return record({"prompt_id": TEXT, "text": TEXT, "outcome": maybe(TEXT), "acted": maybe({"type": "boolean"})})
