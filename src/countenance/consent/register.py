"""The consents of one call: an append-only list in media time. Silence is refusal."""

from bisect import bisect_right
from collections.abc import Sequence
from uuid import UUID, uuid5

from countenance.contracts.call import Modality, Purpose
from countenance.contracts.errors import ConsentError
from countenance.contracts.trust import CONSENT_KINDS, Consent, ConsentStatus, Duties

NAMESPACE = UUID("6f1d2a52-3c0e-5b7c-9a56-0d0f4a1be2c7")
"""Fixed for ever: the same answer in the same recording has the same receipt id on every machine."""


def receipt_id(call_id: str, participant_id: str, modality: Modality, purpose: Purpose, version: int) -> str:
    """The id of an answer that only a deployment file states; answers in a store have random ones."""
    parts = (call_id, participant_id, modality, str(purpose), str(version))
    # Lengths keep ("ab", "c") and ("a", "bc") apart.
    return str(uuid5(NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts)))


class Register:
    """Who answered what, and since when; answers are added and never changed."""

    def __init__(self, call_id: str, purpose: Purpose) -> None:
        self.call_id = call_id
        self.purpose = purpose
        self._records: list[Consent] = []
        self._by_question: dict[tuple[str, Modality], list[Consent]] = {}

    @property
    def records(self) -> Sequence[Consent]:
        """Every answer, in the order in which it came."""
        return tuple(self._records)

    def answer(
        self,
        participant_id: str,
        modality: Modality,
        status: ConsentStatus,
        at_us: int,
        *,
        kind: str = "explicit",
        notice: str = "unstated",
        receipt: str | None = None,
    ) -> Consent:
        """Record a person's answer and return it, with its version and its receipt id, that of a store if there is."""
        version = self.next_version(participant_id, modality)
        receipt = receipt or receipt_id(self.call_id, participant_id, modality, self.purpose, version)
        consent = Consent(participant_id, modality, self.purpose, status, at_us, receipt, version, kind, notice)
        self.record(consent)
        return consent

    def record(self, consent: Consent) -> None:
        """Append an answer; raises ConsentError when it does not follow from those before it."""
        who = f"consent of {consent.participant_id} for {consent.modality}"
        if consent.purpose != self.purpose:
            raise ConsentError(
                f"{who} is for {consent.purpose}, this call is for {self.purpose}", "Ask for this purpose on its own."
            )
        if consent.kind not in CONSENT_KINDS[1:]:
            raise ConsentError(
                f"{who} has the unknown kind `{consent.kind}`", f"Use one of: {', '.join(CONSENT_KINDS[1:])}."
            )
        last = self._last(consent.participant_id, consent.modality)
        if consent.version != self.next_version(consent.participant_id, consent.modality):
            raise ConsentError(f"{who} has version {consent.version} out of turn", "Number the answers 1, 2, 3, ...")
        if last is not None and consent.at_us < last.at_us:
            raise ConsentError(f"{who} lies before the answer already recorded", "Record answers in order of time.")
        if consent.status is ConsentStatus.EXPIRED and (last is None or last.status is not ConsentStatus.GIVEN):
            raise ConsentError(f"{who} cannot expire, it is not given", "Only a given consent expires.")
        self._records.append(consent)
        self._by_question.setdefault((consent.participant_id, consent.modality), []).append(consent)

    def next_version(self, participant_id: str, modality: Modality) -> int:
        """The number of the next answer of a person about one modality."""
        return len(self._by_question.get((participant_id, modality), ())) + 1

    def current(self, participant_id: str, modality: Modality, at_us: int) -> Consent | None:
        """The answer that holds at this media time, or None when the person has not answered."""
        return self._last(participant_id, modality, at_us)

    def status(self, participant_id: str, modality: Modality, at_us: int) -> ConsentStatus:
        """The state at this media time; who has not answered has refused."""
        consent = self.current(participant_id, modality, at_us)
        return ConsentStatus.REFUSED if consent is None else consent.status

    def permits(self, participant_id: str, modality: Modality, at_us: int, duties: Duties) -> bool:
        """True when the answer is a yes of the kind the ruling asks for; an objection always counts."""
        consent = self.current(participant_id, modality, at_us)
        if consent is None:
            return duties.consent == "none"
        strong_enough = CONSENT_KINDS.index(consent.kind) >= CONSENT_KINDS.index(duties.consent)
        return consent.status is ConsentStatus.GIVEN and strong_enough

    def changes_between(self, after_us: int, until_us: int) -> Sequence[Consent]:
        """Answers that take hold later than the first time and not later than the second, in order of time."""
        found = (c for c in self._records if after_us < c.at_us <= until_us)
        return tuple(sorted(found, key=lambda consent: consent.at_us))

    def _last(self, participant_id: str, modality: Modality, at_us: int | None = None) -> Consent | None:
        mine = self._by_question.get((participant_id, modality), [])
        before = len(mine) if at_us is None else bisect_right(mine, at_us, key=lambda consent: consent.at_us)
        return mine[before - 1] if before else None
