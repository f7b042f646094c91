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

    def barred(self, participant_id: str, modality: Modality, at_us: int) -> Abstain | None:
        """None when it may be read; otherwise why not, law before consent."""
        ruling = self.rulings.get((participant_id, modality))
        if ruling is None or not ruling.allowed:
            citation = ruling.verdicts[0].citation if ruling else "no rule speaks"
            return Abstain(Reason.POLICY, citation)
        status = self.register.status(participant_id, modality, at_us)
        if status is ConsentStatus.GIVEN:
            return None
        return Abstain(Reason.NO_CONSENT, "never asked" if status is None else status.value)

    def readable(self, participant_id: str, at_us: int) -> tuple[Modality, ...]:
        """The modalities that may be read at this moment."""
        return tuple(m for m in self.modalities if self.barred(participant_id, m, at_us) is None)

    def consents(self, participant_id: str, modalities: Iterable[Modality], at_us: int) -> tuple[Consent, ...]:
        """The records that stand behind these modalities."""
        found = (self.register.record(participant_id, m, at_us) for m in modalities)
        return tuple(record for record in found if record is not None)
