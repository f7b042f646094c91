"""Labels: what people say of their own seconds, or reviewers of others'; kept only while the person agrees to it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

from countenance.audit.log import Log
from countenance.consent.label_notice import LABELS, LabelNotice
from countenance.contracts.errors import ConsentError
from countenance.contracts.trust import LogEntry
from countenance.control.access import Access
from countenance.storage.holdings import Holding, holdings, holdings_with
from countenance.storage.keeping import delete_payloads
from countenance.storage.store import Transaction
from countenance.storage.vault import Vault
from countenance.storage.wiping import Seat
from countenance.surface.envelope import SAMPLE

LABEL, AGREED = "label", "label_consent"
"""The contexts in which labels, and the yes to keeping them, are sealed."""
NONE = "none"
"""No label of the taxonomy fits."""
EVALUATION = "evaluation"
SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Label:
    """What somebody says of a stretch of a call."""

    taxonomy: str
    label: str
    """One of the taxonomy, or `none`."""
    source: str
    """`self` or `reviewer`."""
    start_us: int
    end_us: int


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label that is kept, and what the readings said of the same seconds."""

    label_id: str
    subject_ref: str
    label: Label
    leading: str
    """What the readings led with for most of them; `none` where nothing led."""
    probabilities: Mapping[str, float]
    """The mean of each label; empty where nothing was read."""


class Labels:
    """The labels of one tenant."""

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault
        self._access = Access(log, vault)
        self._all: tuple[tuple[str, ...], tuple[Labelled, ...]] = ((), ())

    def agreed(self, seat: Seat) -> bool:
        """Whether the person agrees that labels of theirs are kept."""
        return any(one.context == AGREED for one in self._held(seat))

    def answer(self, seat: Seat, notice: LabelNotice, *, given: bool) -> None:
        """The person's own answer; a no deletes the labels that were kept, in the same transaction."""
        body = self._body(seat) | {
            "modality": LABELS,
            "purpose": EVALUATION,
            "status": "given" if given else "withdrawn",
            "consent_kind": "explicit",
            "version": 1,
            "notice_sha256": notice.sha256,
            "language": notice.language,
        }
        due = self._due(seat)

        def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            kept = [one.payload_id for one in holdings(tx, [seat.subject_ref]) if one.context in (LABEL, AGREED)]
            if not given:
                delete_payloads(tx, kept)
            elif not kept:
                said = notice.sha256.encode()
                self._vault.seal(tx, seat.subject_ref, said, AGREED, seat.call_ref, entries[0].seq, due)

        self._log.append_all([("CONSENT", body)], also)

    def put(self, seat: Seat, label: Label, actor: str) -> Labelled:
        """Keep a label with what the readings said; raises ConsentError where the person has not agreed."""
        if not self.agreed(seat):
            raise ConsentError("this person has not agreed that labels of theirs are kept", "Ask them first.")
        leading, probabilities = self._said(seat, label, actor)
        plain = {**asdict(label), "leading": leading, "probabilities": probabilities}
        record = self._vault.record(json.dumps(plain, sort_keys=True).encode())
        body = self._body(seat) | {"actor": actor, "reason": LABEL, "scope": LABEL}
        due, made = self._due(seat), list[str]()

        def also(tx: Transaction, entries: Sequence[LogEntry]) -> None:
            made.clear()
            sealed = self._vault.seal(tx, seat.subject_ref, record, LABEL, seat.call_ref, entries[0].seq, due)
            made.append(sealed)

        self._log.append_all([("ACCESS", body | {"payload_commit": record.commitment})], also)
        return Labelled(made[0], seat.subject_ref, label, leading, probabilities)

    def of(self, seats: Sequence[Seat], actor: str, reason: str) -> Sequence[Labelled]:
        """The labels of some people; the log says who looks."""
        found = [one for seat in seats for one in self._held(seat) if one.context == LABEL]
        return self._opened(found, seats, actor, reason)

    def all(self) -> Sequence[Labelled]:
        """Every label that is kept, to judge the estimates by; opened anew only where some came or went."""
        with self._vault.store.reading() as tx:
            found = holdings_with(tx, LABEL)
        names = tuple(one.payload_id for one in found)
        if names != self._all[0]:
            seats = {one.subject_ref: Seat(one.subject_ref, one.call_ref) for one in found}
            self._all = names, tuple(self._opened(found, tuple(seats.values()), SERVICE, EVALUATION))
        return self._all[1]

    def _opened(self, found: Sequence[Holding], seats: Sequence[Seat], actor: str, reason: str) -> Sequence[Labelled]:
        opened = self._access.open(found, seats, actor, reason)
        return tuple(
            _labelled(one.subject_ref, read.payload_id, read.data) for one, read in zip(found, opened, strict=True)
        )

    def _said(self, seat: Seat, label: Label, actor: str) -> tuple[str, dict[str, float]]:
        """What the readings said of the same seconds."""
        results = [one for one in self._held(seat) if one.context == "result"]
        read = self._access.open(results, [seat], actor, LABEL)
        samples = [data for one in read for data in _samples(one.data, label)]
        leading = Counter(str(data["label"] or NONE) for data in samples)
        names = sorted({name for data in samples for name in data.get("labels", {})})
        means = {
            name: mean(data["labels"][name]["probability"] for data in samples if name in data.get("labels", {}))
            for name in names
        }
        return (leading.most_common(1)[0][0] if leading else NONE), means

    def _held(self, seat: Seat) -> Sequence[Holding]:
        with self._vault.store.reading() as tx:
            return holdings(tx, [seat.subject_ref])

    def _due(self, seat: Seat) -> int | None:
        """They are deleted with the last of the readings."""
        return max((one.delete_due_utc_us for one in self._held(seat) if one.delete_due_utc_us), default=None)

    def _body(self, seat: Seat) -> dict[str, object]:
        return {"call_ref": seat.call_ref, "subject_ref": seat.subject_ref}


def _samples(data: Any, label: Label) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401
    readings = data.get("readings", ()) if isinstance(data, dict) else ()
    for one in readings:
        inner = one["data"]
        if one["type"] == SAMPLE and inner["taxonomy"] == label.taxonomy:
            window = inner["window"]
            if window["start_us"] < label.end_us and window["end_us"] > label.start_us:
                yield inner


def _labelled(subject_ref: str, label_id: str, data: Mapping[str, Any]) -> Labelled:
    label = Label(**{name: data[name] for name in Label.__dataclass_fields__})
    return Labelled(label_id, subject_ref, label, data["leading"], data["probabilities"])
