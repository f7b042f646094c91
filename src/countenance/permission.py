"""May this modality of this person be read at this moment? One answer out of policy and consent."""

from collections.abc import Iterable, Mapping

from countenance.consent.register import Register
from countenance.contracts.call import TELEMETRY, Call, Modality
from countenance.contracts.readings import Abstain, Reason
from countenance.contracts.trust import Consent, ConsentStatus, Ruling


class Permissions:
    """The rulings and consents of one call, asked together."""

    def __init__(
        self, call: Call, rulings: Mapping[tuple[str, Modality], Ruling], register: Register, read: Iterable[Modality]
    ) -> None:
        self.call = call
        self.rulings = rulings
        self.register = register
        self.modalities = tuple(sorted(set(read) - {TELEMETRY}))

    def ruling(self, participant_id: str, modality: Modality) -> Ruling | None:
        """The gate's answer, or None when it was never asked."""
        return self.rulings.get((participant_id, modality))

    def allowed(self, participant_id: str) -> tuple[Modality, ...]:
        """The modalities that law and charter allow, consent aside."""
        found = {m: self.ruling(participant_id, m) for m in self.modalities}
        return tuple(m for m, ruling in found.items() if ruling is not None and ruling.allowed)

    def barred(self, participant_id: str, modality: Modality, at_us: int) -> Abstain | None:
        """None when it may be read; otherwise why not, law before consent."""
        ruling = self.ruling(participant_id, modality)
        if ruling is None or not ruling.allowed:
            return Abstain(Reason.POLICY, ruling.verdicts[0].citation if ruling else "no rule speaks")
        if self.register.permits(participant_id, modality, at_us, ruling.duties):
            return None
        consent = self.register.current(participant_id, modality, at_us)
        if consent is None:
            return Abstain(Reason.NO_CONSENT, "not given")
        if consent.status is ConsentStatus.GIVEN:
            return Abstain(Reason.NO_CONSENT, f"given as {consent.kind}, the law here asks for {ruling.duties.consent}")
        return Abstain(Reason.NO_CONSENT, consent.status.value)

    def readable(self, participant_id: str, at_us: int) -> tuple[Modality, ...]:
        """The modalities that may be read at this moment."""
        return tuple(m for m in self.modalities if self.barred(participant_id, m, at_us) is None)

    def ever(self, participant_id: str, modalities: Iterable[Modality]) -> bool:
        """Whether any of these may be read at any time of the call."""
        moments = {0, *(record.at_us for record in self.register.records)}
        return any(self.barred(participant_id, m, at) is None for m in modalities for at in moments)

    def consents(self, participant_id: str, modalities: Iterable[Modality], at_us: int) -> tuple[Consent, ...]:
        """The records that stand behind these modalities."""
        found = (self.register.current(participant_id, m, at_us) for m in modalities)
        return tuple(record for record in found if record is not None)
