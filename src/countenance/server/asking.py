"""Asking the gate and asking the person, for one participant of a live call."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from countenance.aggregation.taxonomy import Taxonomy
from countenance.assembly import INDIVIDUAL, strictest
from countenance.consent.answers import Said, Shown
from countenance.consent.asking import Ask
from countenance.consent.evidence import BY_TOGGLE, Evidence
from countenance.consent.notice import Notice, write_notice
from countenance.consent.terms import Terms
from countenance.consent.wording import load
from countenance.contracts.call import FACE, TELEMETRY, Modality, Participant
from countenance.contracts.errors import ConsentError, RefusedError
from countenance.contracts.trust import Case, ConsentStatus, Ruling
from countenance.control.plane import Control
from countenance.policy.vocabulary import TURN_TAKING
from countenance.server.config import Deployed
from countenance.server.live import Joining, LiveCall
from countenance.server.noes import Noes
from countenance.server.outgoing import AGGREGATE_ONLY, READ
from countenance.storage.consents import ConsentRow


@dataclass(frozen=True, slots=True)
class Form:
    """How a person answered."""

    kind: str | None = None
    """One of CONSENT_KINDS; None: the kind that the ruling asks for."""
    evidence: Evidence = BY_TOGGLE
    notice_sha256: str | None = None
    """Of the text that was before them; None: the one shown last."""
    own_wish: bool = True
    """They opened the choice themselves; nobody pressed them."""


USUAL = Form()


class Asking:
    """The gate and the register of one tenant, for people on its calls."""

    def __init__(self, deployed: Deployed, control: Control, taxonomies: Mapping[str, Taxonomy], noes: Noes) -> None:
        self._deployed = deployed
        self._control = control
        self._taxonomies = taxonomies
        self._noes = noes

    @property
    def terms(self) -> Terms:
        """What people are told; raises ConsentError where a deployment does not say it."""
        if self._deployed.terms is None:
            raise ConsentError("nobody can be asked: the deployment does not say who asks", "Set [deployment.terms].")
        return self._deployed.terms

    async def rule(self, live: LiveCall, participant: Participant, who: Joining) -> Sequence[Ruling]:
        """One ruling per modality, each in the log: the strictest over all outputs of the call's taxonomies.

        Where nothing may be read of the person for themselves, what may be read for a group is asked about.
        """
        cases = {m: self._case(live, participant, who, m, INDIVIDUAL) for m in (*READ, TELEMETRY)}
        if not any(self._control.gate.rule(cases[modality]).allowed for modality in READ):
            grouped = {m: self._case(live, participant, who, m, AGGREGATE_ONLY) for m in READ}
            cases |= {m: case for m, case in grouped.items() if self._control.gate.rule(case).allowed}
        return [
            await asyncio.to_thread(self._control.rule, live.running, participant.id, case) for case in cases.values()
        ]

    async def carry(self, live: LiveCall, participant_id: str) -> None:
        """Let what this person answered before hold in this call."""
        if self._deployed.terms is not None:
            await asyncio.to_thread(self._control.carry, live.running, participant_id, self._deployed.terms)

    async def show(
        self, live: LiveCall, participant_id: str, language: str, *, own_wish: bool = False
    ) -> tuple[Notice, Mapping[Modality, Shown]]:
        """The notice as this person must see it, and a record that it was shown.

        What they said no to is left out for as long as nobody may ask again, unless they opened the choice themselves.
        """
        person, terms = live.person_of(participant_id), self.terms
        found = {modality: live.running.rulings[participant_id, modality] for modality in READ}
        allowed = {modality: ruling for modality, ruling in found.items() if ruling.allowed}
        if not allowed:
            raise RefusedError.by(found[FACE].verdicts, "Nobody is asked.")
        consents, place = self._control.consents, live.running.place(participant_id)
        free = await asyncio.to_thread(self._free, person, allowed)
        notice = write_notice(load(language), allowed if own_wish else free or allowed, terms)
        shown = await asyncio.to_thread(consents.show, person, notice, live.call.purpose, place, own_wish=own_wish)
        live.shown.update({(participant_id, modality): one for modality, one in shown.items()})
        return notice, shown

    def _free(self, person: str, rulings: Mapping[Modality, Ruling]) -> Mapping[Modality, Ruling]:
        """Those of them that the person may be asked about now."""
        asking, terms = self._control.consents.asking, self.terms
        return {m: ruling for m, ruling in rulings.items() if asking(person, ruling, terms).ask is not Ask.LEAVE}

    async def answer(
        self, live: LiveCall, participant_id: str, modality: Modality, status: ConsentStatus, form: Form
    ) -> ConsentRow:
        """Record an answer; a yes needs the notice that was shown last, a no is heard in any case."""
        ruling = live.running.rulings.get((participant_id, modality))
        objects = modality == TELEMETRY and status is not ConsentStatus.GIVEN
        if ruling is None or not (modality in READ or objects):
            raise ConsentError(f"nobody asks about {modality} here", f"Answer for one of {', '.join(READ)}.")
        shown = live.shown.get((participant_id, modality))
        if status is ConsentStatus.GIVEN and (shown is None or form.notice_sha256 not in (None, shown.text_sha256)):
            raise ConsentError("this notice was not the last one shown", "Show it, and answer with its text_sha256.")
        needed = ruling.duties.consent if ruling.duties.consent != "none" else "explicit"
        said = Said(modality, live.call.purpose, status, form.kind or needed, shown, form.evidence, form.own_wish)
        run = asyncio.to_thread if status is ConsentStatus.GIVEN else self._noes.run
        return await run(self._control.answer, live.running, participant_id, said, self.terms)

    def _case(
        self, live: LiveCall, participant: Participant, who: Joining, modality: Modality, consequence: str
    ) -> Case:
        """Of all that the call would read out of a modality, what the gate is strictest about."""
        outputs = {output for name in live.taxonomies for output in self._taxonomies[name].outputs}
        asked = (TURN_TAKING,) if modality == TELEMETRY else sorted(outputs)
        cases = [
            Case(
                purpose=live.call.purpose,
                role=participant.role,
                modality=modality,
                output=output,
                consequence=consequence,
                jurisdictions=tuple(dict.fromkeys((*self._deployed.jurisdictions, *who.jurisdictions))),
                on=self._control.clock.utc().date(),
                facts={**self._deployed.facts, **who.facts},
            )
            for output in asked
        ]
        return strictest([self._control.gate.rule(case) for case in cases]).case
