"""The data blocks inside the envelopes: plain values, numbers rounded so that bytes are stable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from countenance.contracts.call import Modality
from countenance.contracts.readings import Estimate, Event, ModalityUse, Signal
from countenance.contracts.trust import Consent, Ruling, Verdict

DECIMALS = 6

Block = dict[str, object]


@dataclass(frozen=True, slots=True)
class Grounds:
    """What permitted one reading, and where its trace in the log is."""

    consents: Mapping[Modality, Consent] = field(default_factory=lambda: MappingProxyType({}))
    """The consent in force per modality that was read; empty when nothing could be read."""
    policy_pack: str = "builtin"
    policy_digest: str = ""
    decision_id: str = ""
    """The id of the gate decision that allowed the reading."""
    lease: str | None = None
    """`<participant>/<start_us>` of the lease, or None when no model could have run."""
    audit: tuple[int, str] | None = None
    """Sequence and hash of the result entry; live delivery only, for they depend on the wall clock."""
    latency_us: int | None = None
    """Last media packet to bytes written; live delivery only."""


def number(value: float) -> float:
    """Six decimals, and no negative zero."""
    return round(float(value), DECIMALS) + 0.0


def interval(estimate: Estimate) -> list[float]:
    """`[low, high]`."""
    return [number(estimate.low), number(estimate.high)]


def sample(signal: Signal, role: str) -> Block:
    """The signal block of one tick."""
    return _signal(signal, role, signal.label, signal.start_us)


def event(event: Event, role: str) -> Block:
    """The signal block of an event: its own window, its own label."""
    block = _signal(event.signal, role, event.label, event.start_us)
    block["signal_id"] = event.signal_id
    block["window"] = {"start_us": event.start_us, "end_us": event.end_us}
    return block


def group(taxonomy: str, span_us: tuple[int, int], size: int, k: int, means: Mapping[str, float]) -> Block:
    """The block of a group of `size` people, of whom no combination of windows is about fewer than `k`."""
    return {
        "group": {"size": size, "k": k},
        "window": {"start_us": span_us[0], "end_us": span_us[1]},
        "taxonomy": taxonomy,
        "means": {name: number(value) for name, value in means.items()},
    }


def grounds(permission: Grounds) -> Block:
    """Consent, policy and audit of a reading."""
    consents = sorted(permission.consents.items())
    latest = max((one for _, one in consents), key=lambda one: (one.version, one.receipt_id), default=None)
    block: Block = {
        "consent": latest
        and {
            "receipt_id": latest.receipt_id,
            "version": latest.version,
            "receipts": {modality: one.receipt_id for modality, one in consents},
        },
        "policy": {
            "pack": permission.policy_pack,
            "version": permission.policy_digest,
            "decision_id": permission.decision_id,
        },
        "audit": {"lease": permission.lease},
    }
    if permission.audit is not None:
        seq, digest = permission.audit
        block["audit"] = {"lease": permission.lease, "seq": seq, "hash": digest}
    if permission.latency_us is not None:
        block["latency_us"] = permission.latency_us
    return block


def consent_changed(consent: Consent) -> Block:
    """What somebody answered, from when on."""
    return {
        "participant_id": consent.participant_id,
        "modality": consent.modality,
        "purpose": consent.purpose.value,
        "status": consent.status.value,
        "at_us": consent.at_us,
        "receipt_id": consent.receipt_id,
        "version": consent.version,
    }


def refused(participant_id: str, ruling: Ruling, downgraded_to: tuple[Modality, ...]) -> Block:
    """Which modality of whom is prohibited, by which rules."""
    return {
        "participant_id": participant_id,
        "modality": ruling.case.modality,
        "rulings": [verdict(one) for one in ruling.verdicts],
        "downgraded_to": list(downgraded_to),
        "policy_digest": ruling.policy_digest,
    }


def media_lost(participant_id: str, session: str) -> Block:
    """Which session of whom is gone."""
    return {"participant_id": participant_id, "session": session}


def verdict(one: Verdict) -> Block:
    """One rule's answer, with its citation."""
    return {
        "rule_id": one.rule_id,
        "layer": one.layer.value,
        "verdict": one.effect.value,
        "reason": one.reason,
        "citation": one.citation,
        "applies_from": one.applies_from.isoformat() if one.applies_from else None,
    }


def _signal(signal: Signal, role: str, label: str | None, start_us: int) -> Block:
    silent = signal.abstain is not None
    leading = None if silent or label is None else signal.labels.get(label)
    block: Block = {
        "subject": {"participant_id": signal.participant_id, "role": role},
        "window": {"start_us": start_us, "end_us": signal.end_us},
        "taxonomy": signal.taxonomy,
        "label": label,
        "probability": None if leading is None else number(leading.value),
        "interval": None if leading is None else interval(leading),
        "calibration_id": signal.calibration_id,
        "modalities": {name: _use(use) for name, use in signal.modalities.items()},
        "evidence": [
            {"feature": one.feature, "value": number(one.value), "effect": number(one.effect)}
            for one in signal.evidence
        ],
        "models": [{"id": one.id, "version": one.version, "sha256": one.sha256} for one in signal.models],
    }
    if signal.abstain is not None:
        block["abstain"] = {"reason": signal.abstain.reason.value, "detail": signal.abstain.detail}
    if signal.labels:
        block["labels"] = {
            name: {"probability": number(one.value), "interval": interval(one)} for name, one in signal.labels.items()
        }
    if signal.dimensions:
        block["dimensions"] = {
            name: {"value": number(one.value), "interval": interval(one)} for name, one in signal.dimensions.items()
        }
    return block


def _use(use: ModalityUse) -> Block:
    block: Block = {"used": use.used, "weight": number(use.weight), "quality": number(use.quality)}
    return block | ({"reason": use.reason} if use.reason is not None else {})
