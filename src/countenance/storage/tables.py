"""All tables of a store. Every table has a tenant; what can be read of a person stands only in `payloads`, sealed.

Times ending in `_utc_us` are microseconds since 1970 in UTC; `_us` alone is media time of a call.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table

from countenance.storage.columns import RowNumber
from countenance.storage.columns import blob as _bytes
from countenance.storage.columns import metadata as metadata
from countenance.storage.columns import table as _table
from countenance.storage.columns import text as _text
from countenance.storage.columns import whole as _whole

version = Table("store_version", metadata, Column("version", Integer, primary_key=True))
"""One row: which numbered form these tables have; the only table without a tenant."""


# The log: canonical leaves in order, full tiles of hashes, signed checkpoints.

entries = Table(
    "entries",
    metadata,
    _text("tenant"),
    Column("seq", BigInteger().with_variant(RowNumber(), "sqlite"), autoincrement=False),
    _text("kind"),
    _text("call_ref", optional=True),
    _bytes("leaf"),
    PrimaryKeyConstraint("tenant", "seq").ddl_if(dialect="postgresql"),
)
"""A file of SQLite holds one tenant, whose entries it keeps as its own rows: what is added at their end moves nothing
that is there, and writes half of what a table in the order of its key does."""

call_entries = _table("call_entries", "call_ref seq", _text("call_ref"), _whole("seq"))
"""Where the entries of a call stand, of all that are in full tiles; the few after these are looked through. An index
would be one more page to write with every entry."""

tiles = _table("tiles", "level place", _whole("level"), _whole("place"), _bytes("hashes"))
"""Level 0: full tiles of 256 leaf hashes. Higher levels: the roots of full tiles below, as many as there are."""

checkpoints = _table("checkpoints", "size", _whole("size"), _bytes("root"), _text("note"), _whole("signed_utc_us"))

marks = _table("marks", "name", _text("name"), _text("value"))
"""Small facts about the store itself: the log's minimum index, when a job last ran."""

# Calls and the people in them: random references, mapped to people only here and only under tags that can be killed.

calls = _table(
    "calls",
    "call_ref",
    _text("call_ref"),
    _text("call_tag", optional=True),
    _text("purpose"),
    _whole("opened_utc_us"),
    _whole("closed_utc_us", optional=True),
    _text("sealed_id", optional=True),
    _whole("delete_due_utc_us", optional=True),
)
Index("calls_by_tag", calls.c.tenant, calls.c.call_tag)

subjects = _table(
    "subjects",
    "subject_ref",
    _text("subject_ref"),
    _text("call_ref"),
    _text("seat_tag"),
    _text("person_tag", optional=True),
    _text("role", optional=True),
    _text("sealed_id", optional=True),
    _whole("delete_due_utc_us", optional=True),
)
"""`seat_tag`: the tag of call and participant; `person_tag`: the tag of the deployment's own id of the person."""
Index("subjects_by_seat", subjects.c.tenant, subjects.c.seat_tag)
Index("subjects_by_person", subjects.c.tenant, subjects.c.person_tag, subjects.c.call_ref)
Index("subjects_of_call", subjects.c.tenant, subjects.c.call_ref)

# Permission while a call runs.

leases = _table(
    "leases",
    "lease",
    _text("lease"),
    _text("call_ref"),
    _text("subject_ref"),
    _whole("seq"),
)
"""The leases that are open: a row goes when its RESULT, LEASE_CLOSE or RECOVERY is written."""

# Consent: append-only; identities stand only in sealed payloads.

consents = _table(
    "consents",
    "consent_id",
    _text("consent_id"),
    _whole("seq"),
    _text("call_ref", optional=True),
    _text("subject_ref", optional=True),
    _text("person_tag", optional=True),
    _text("modality"),
    _text("purpose"),
    _text("status"),
    _text("kind"),
    _whole("version"),
    _whole("at_us", optional=True),
    _whole("at_utc_us"),
    _whole("expires_utc_us", optional=True),
    _text("notice", optional=True),
    _text("language", optional=True),
    _text("notice_sha256", optional=True),
    _text("substance", optional=True),
    _text("receipt_id"),
    _text("carries", optional=True),
    _bytes("leaf"),
    _text("sealed_id", optional=True),
    _whole("delete_due_utc_us", optional=True),
)
"""One answer per row, never changed. `carries`: the row says in a later call what the answer of that id said before."""
Index("consents_of_subject", consents.c.tenant, consents.c.subject_ref)
Index("consents_ending", consents.c.tenant, consents.c.status, consents.c.expires_utc_us)
Index("consents_by_person", consents.c.tenant, consents.c.person_tag)
own_answers = consents.c.carries.is_(None)
Index(
    "consents_newest",
    *(consents.c[name] for name in ("tenant", "person_tag", "modality", "purpose", "version")),
    sqlite_where=own_answers,
    postgresql_where=own_answers,
)
Index("consents_by_receipt", consents.c.tenant, consents.c.receipt_id)

notices = _table(
    "notices",
    "sha256",
    _text("sha256"),
    _text("notice"),
    _text("language"),
    _text("text"),
    _whole("first_shown_utc_us"),
)
"""Every text that was ever shown, word for word."""

asks = _table(
    "asks",
    "ask_id",
    _text("ask_id"),
    _text("person_tag", optional=True),
    _text("subject_ref", optional=True),
    _text("modality"),
    _text("purpose"),
    _text("substance"),
    _text("notice_sha256"),
    _whole("at_utc_us"),
)
"""Who was shown which notice, one row per modality in it."""
Index("asks_by_person", asks.c.tenant, asks.c.person_tag, asks.c.at_utc_us)

# Erasure: keys by reference, sealed payloads, what was erased, which backups exist.

keks = _table("keks", "epoch", _whole("epoch"), _whole("made_utc_us"), _whole("destroyed_utc_us", optional=True))
"""The epochs of key-encryption keys; the keys themselves stand in the keys folder, never here."""

names = _table("names", "tag", _text("tag"), _whole("epoch"), _bytes("sealed"))
"""What a tag stands for, sealed under the epoch: a rotation makes every tag anew, here and in each `*_tag` column."""

deks = _table("deks", "subject_ref", _text("subject_ref"), _whole("epoch"), _bytes("wrapped"))

payloads = _table(
    "payloads",
    "payload_id",
    _text("payload_id"),
    _text("subject_ref"),
    _text("call_ref", optional=True),
    _text("context"),
    _bytes("sealed"),
    _whole("seq", optional=True),
    _whole("delete_due_utc_us", optional=True),
)
Index("payloads_of_subject", payloads.c.tenant, payloads.c.subject_ref)
Index("payloads_due", payloads.c.tenant, payloads.c.delete_due_utc_us)

erasures = _table(
    "erasures",
    "erasure_id",
    _text("erasure_id"),
    _whole("seq", optional=True),
    _whole("asked_utc_us"),
    _whole("erased_utc_us", optional=True),
    _whole("rotated_utc_us", optional=True),
    _text("receipt", optional=True),
)

backups = _table(
    "backups",
    "backup_id",
    _text("backup_id"),
    _whole("taken_utc_us"),
    _whole("epoch"),
    _whole("log_size"),
    _whole("destroyed_utc_us", optional=True),
)

# What leaves the process: written with its RESULT in one transaction, delivered at least once.

outbox = _table(
    "outbox",
    "seq turn",
    _whole("seq"),
    _whole("turn"),
    _text("event_id"),
    _text("topic"),
    _text("call_ref", optional=True),
    _text("payload_id", optional=True),
    _text("body", optional=True),
    _whole("at_utc_us"),
    _whole("handed_utc_us", optional=True),
)
"""`seq` and `turn` give the order; the payload is sealed under `payload_id`, or `body` when nobody is in it.
`handed_utc_us`: when each endpoint that wants the event had it in its own queue."""
Index("outbox_waiting", outbox.c.tenant, outbox.c.handed_utc_us, outbox.c.seq)
Index("outbox_by_event", outbox.c.tenant, outbox.c.event_id)

endpoints = _table(
    "endpoints",
    "endpoint_id",
    _text("endpoint_id"),
    _text("sealed_id", optional=True),
    _text("types"),
    _whole("with_data"),
    _whole("made_utc_us"),
    _text("status"),
    _text("problem", optional=True),
    _whole("failing_utc_us", optional=True),
    _whole("not_before_utc_us", optional=True),
)
"""Receivers of webhooks; their addresses and secrets are sealed under `sealed_id`."""

dispatches = _table(
    "dispatches",
    "endpoint_id event_id",
    _text("endpoint_id"),
    _text("event_id"),
    _whole("seq"),
    _whole("turn"),
    _text("topic"),
    _text("call_ref", optional=True),
    _text("payload_id", optional=True),
    _text("body", optional=True),
    _whole("at_utc_us"),
    _whole("next_utc_us"),
    _whole("attempts"),
    _whole("tried_utc_us", optional=True),
    _whole("answer", optional=True),
    _text("problem", optional=True),
    _whole("delivered_utc_us", optional=True),
    _whole("given_up_utc_us", optional=True),
)
"""The queue, the delivery log and the dead letters of each endpoint."""
Index("dispatches_open", dispatches.c.tenant, dispatches.c.delivered_utc_us, dispatches.c.given_up_utc_us)
Index("dispatches_of_payload", dispatches.c.tenant, dispatches.c.payload_id)

# What coaching is judged by: numbers of prompts and of hours, by day, of nobody and of no call in particular.

prompt_facts = _table(
    "prompt_facts",
    "fact_id",
    _text("fact_id"),
    _text("day"),
    _text("playbook"),
    _text("rule_id"),
    _text("arm"),
    _text("outcome"),
    _whole("seen"),
    _whole("acted", optional=True),
    _whole("acted_after_us", optional=True),
    _whole("answered_after_us", optional=True),
    _whole("latency_us", optional=True),
)
Index("prompt_facts_by_day", prompt_facts.c.tenant, prompt_facts.c.day)

coached_calls = _table(
    "coached_calls", "fact_id", _text("fact_id"), _text("day"), _text("playbook"), _whole("media_us")
)
Index("coached_calls_by_day", coached_calls.c.tenant, coached_calls.c.day)

# Answers to requests that may come again: sealed under keys that stand nowhere here, for a day.

replies = _table("replies", "tag", _text("tag"), _bytes("sealed"), _whole("until_utc_us"))
Index("replies_ending", replies.c.tenant, replies.c.until_utc_us)
