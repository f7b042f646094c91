"""`summary.json`: one call as a machine reads it; its schema is `io.countenance.summary.v1`."""

import json
from pathlib import Path

from countenance.contracts.card import Card
from countenance.contracts.telemetry import TalkMeasures, Turn
from countenance.surface import advised, words
from countenance.surface.blocks import Block, number, verdict
from countenance.surface.findings import Moment, by_person, moments, shares
from countenance.surface.record import CallRecord, LineStatus, ModalityRecord, ParticipantRecord
from countenance.surface.series import Episode, Series

SCHEMA = "/schemas/io.countenance.summary.v1.json"


def summarise(record: CallRecord) -> Block:
    """The summary as plain values."""
    people = by_person(record)
    talk = {one.participant_id: one for one in record.telemetry.talk}
    statuses = [line.status for line in record.transcript]
    return {
        "schema": SCHEMA,
        "version": record.version,
        "notice": [words.NOT_FEELINGS, words.NOT_EMPLOYMENT],
        "call": _call(record),
        "participants": [
            _participant(record, one, people[one.participant.id], talk.get(one.participant.id))
            for one in record.participants
        ],
        "events": [_episode(one) for one in record.episodes],
        "top_moments": [_moment(one) for one in moments(record)],
        "silences": [{"start_us": start, "end_us": end} for start, end in record.telemetry.silences],
        "dead_air_us": record.telemetry.dead_air_us,
        "transcript": {
            "read": statuses.count(LineStatus.READ),
            "not_scored": statuses.count(LineStatus.NOT_SCORED),
            "hidden": statuses.count(LineStatus.HIDDEN),
        },
        "models": [_model(card) for card in record.models],
        "policy": {"pack": record.policy_pack, "digest": policy_digest(record)},
        "retention_days": record.retention_days,
        "audit": None
        if record.audit is None
        else {
            "path": record.audit.path,
            "entries": record.audit.entries,
            "root": record.audit.root,
            "call_ref": record.audit.call_ref,
            "subjects": dict(record.audit.subjects),
            "counts": dict(record.audit.counts),
            "verify": record.audit.verify,
        },
        "settings": dict(record.settings),
        "processing": dict(record.processing),
        **({} if record.advised is None else {"coaching": advised.block(record.advised)}),
    }


def write_summary(record: CallRecord, path: Path) -> None:
    """Write summary.json."""
    text = json.dumps(summarise(record), indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def policy_digest(record: CallRecord) -> str:
    """The digest that the rulings carry."""
    rulings = (one.ruling for person in record.participants for one in person.modalities)
    return next((one.policy_digest for one in rulings), "")


def _call(record: CallRecord) -> Block:
    return {
        "id": record.call.id,
        "deployment_id": record.call.deployment_id,
        "purpose": record.call.purpose.value,
        "started_at": record.call.started_at,
        "duration_us": record.duration_us,
        "jurisdictions": list(record.jurisdictions),
    }


def _participant(
    record: CallRecord, person: ParticipantRecord, series: list[Series], talk: TalkMeasures | None
) -> Block:
    who = person.participant
    return {
        "participant_id": who.id,
        "name": who.name,
        "role": who.role.value,
        "modalities": [_modality(one) for one in person.modalities],
        "states": [_shares(one, record.duration_us) for one in series],
        "gaps": [
            {
                "modality": one.modality,
                "start_us": one.start_us,
                "end_us": one.end_us,
                "reason": one.reason,
                "words": words.gap(one.modality, one.reason),
            }
            for one in record.gaps
            if one.participant_id == who.id
        ],
        "talk": None if talk is None else _talk(talk),
    }


def _modality(one: ModalityRecord) -> Block:
    last = one.consents[-1] if one.consents else None
    return {
        "modality": one.modality,
        "use": one.use.value,
        "stopped_us": one.stopped_us,
        "consent": last and {"status": last.status.value, "receipt_id": last.receipt_id, "version": last.version},
        "ruling": {
            "effect": one.ruling.effect.value,
            "verdicts": [verdict(each) for each in one.ruling.verdicts],
            "consent_kind": one.ruling.duties.consent,
            "duties": list(one.ruling.duties.names),
        },
    }


def _shares(series: Series, duration_us: int) -> Block:
    divided = shares(series, duration_us)
    return {
        "taxonomy": series.taxonomy,
        "labels": {
            name: {"time_us": time, "share": number(time / duration_us if duration_us else 0.0)}
            for name, time in divided.labels.items()
        },
        "unclear_us": divided.unclear_us,
        "not_sure": [
            {"reason": name, "words": words.reason(name), "time_us": time} for name, time in divided.not_sure.items()
        ],
        "not_read_us": divided.not_read_us,
    }


def _talk(talk: TalkMeasures) -> Block:
    return {
        "sources": list(talk.sources),
        "talk_us": talk.talk_us,
        "talk_share": number(talk.talk_share),
        "turns": talk.turns,
        "longest_monologue": _turn(talk.monologue),
        "pauses": talk.pauses,
        "longest_pause_us": talk.longest_pause_us,
        "response": {
            "count": talk.response.count,
            "median_us": talk.response.median_us,
            "p90_us": talk.response.p90_us,
            "overlaps": talk.response.overlaps,
        },
        "interruptions": talk.interruptions,
        "interrupted": talk.interrupted,
        "words_per_minute": None if talk.words_per_minute is None else number(talk.words_per_minute),
    }


def _turn(turn: Turn | None) -> Block | None:
    return None if turn is None else {"start_us": turn.start_us, "end_us": turn.end_us}


def _episode(one: Episode) -> Block:
    return {
        "signal_id": one.signal_id,
        "name": one.name,
        "participant_id": one.participant_id,
        "taxonomy": one.taxonomy,
        "label": one.label,
        "start_us": one.start_us,
        "end_us": one.end_us,
        "probability": one.probability,
        "interval": None if one.interval is None else list(one.interval),
        "words": episode_words(one),
    }


def episode_words(one: Episode) -> str:
    """How sure the reading was when the event was raised, in words."""
    if one.probability is None or one.interval is None:
        return words.plain(one.label)
    return words.estimate(one.label, one.probability, *one.interval)


def _moment(one: Moment) -> Block:
    return {
        "participant_id": one.participant_id,
        "taxonomy": one.taxonomy,
        "label": one.label,
        "start_us": one.start_us,
        "end_us": one.end_us,
        "probability": number(one.probability),
        "interval": [number(one.low), number(one.high)],
        "words": words.estimate(one.label, one.probability, one.low, one.high),
        "quote": one.quote,
    }


def _model(card: Card) -> Block:
    return {
        "id": card.id,
        "version": card.version,
        "modality": card.modality,
        "task": card.task,
        "summary": card.summary,
        "licence": {"weights": card.licence.weights, "data": card.licence.data},
        "commercial": card.licence.commercial,
        "figures": [
            {
                "metric": one.metric,
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "n": one.n,
                "protocol": one.protocol,
                "majority": one.majority,
            }
            for one in card.figures
        ],
        "limits": list(card.limits),
        "files": dict(card.files),
    }
