"""On which grounds labelled people are read: one ruling for all, and a consent per recording."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from countenance.aggregation.taxonomy import Taxonomy
from countenance.assembly import encoders_of, rule_all
from countenance.capture.faces import Finder
from countenance.capture.finding import finder_of
from countenance.capture.samplers import FaceSampler, TextSampler
from countenance.capture.speech import VoiceSampler
from countenance.consent.register import Register
from countenance.contracts.call import FACE, TEXT, VOICE, Call, Modality, Participant
from countenance.contracts.card import Card
from countenance.contracts.errors import RefusedError
from countenance.contracts.stages import Encoder, Sampler
from countenance.contracts.trust import ConsentStatus, Ruling
from countenance.deployment import Deployment
from countenance.inference.shelf import Shelf
from countenance.permission import Permissions
from countenance.policy.gate import Gate

WHO = "p_1"


@dataclass(frozen=True, slots=True)
class Terms:
    """On which grounds labelled people are read."""

    deployment: Deployment
    """Purpose, places, facts, profile; its one participant has the role and the consents of everybody labelled."""
    taxonomies: tuple[Taxonomy, ...]
    """What will be inferred with the trained model: the gate is asked for it."""
    on: date


@dataclass(frozen=True, slots=True)
class Room:
    """What stays the same from recording to recording."""

    terms: Terms
    rulings: Mapping[tuple[str, Modality], Ruling]
    gate: Gate
    encoders: tuple[Encoder, ...]
    finder: Finder | None
    cards: Mapping[str, Card]

    @classmethod
    def open(cls, terms: Terms) -> "Room":
        """Ask the gate once for all, for role and purpose are the same; raises RefusedError with the citation."""
        gate, person = Gate.load(overlays=terms.deployment.overlays), terms.deployment.participant[0]
        call = Call("labelled", terms.deployment.deployment_id, terms.deployment.purpose, (_person(terms),))
        rulings = rule_all(gate, terms.deployment, call, terms.taxonomies, terms.on)
        wanted = [m for m in (FACE, VOICE, TEXT) if m in person.consent and rulings[WHO, m].allowed]
        if not wanted:
            no = next(r for (_, m), r in rulings.items() if m in (FACE, VOICE, TEXT) and not r.allowed)
            raise RefusedError.by(no.verdicts, "Nothing was read.")
        shelf = Shelf.installed(terms.deployment.profile, terms.deployment.models.paths)
        stages = terms.deployment.stages
        room = cls(
            terms=terms,
            rulings=rulings,
            gate=gate,
            encoders=tuple(one for one in encoders_of(stages.encoders, shelf) if one.takes.modality in wanted),
            finder=finder_of(shelf) if FACE in wanted else None,
            cards={name: card for name, card in shelf.cards.items() if card.modality in wanted},
        )
        barred = {m: room.permissions("labelled", wanted).barred(WHO, m, 0) for m in wanted}
        if all(barred.values()):
            detail = "; ".join(f"{m}: {why.detail}" for m, why in barred.items() if why)
            raise RefusedError(f"the consents do not permit reading ({detail})", "Say --consent-kind as it was given.")
        return room

    def permissions(self, call_id: str, modalities: Iterable[Modality]) -> Permissions:
        """The rulings with the consents of one recording; nothing beyond what is read out of it."""
        deployment = self.terms.deployment
        register = Register(call_id, deployment.purpose)
        for modality in sorted(set(modalities) & set(deployment.participant[0].consent)):
            kind = deployment.participant[0].consent_kind
            register.answer(WHO, modality, ConsentStatus.GIVEN, 0, kind=kind)
        call = Call(call_id, deployment.deployment_id, deployment.purpose, (_person(self.terms),))
        return Permissions(call, self.rulings, register, (FACE, VOICE, TEXT))

    def samplers(self, permissions: Permissions) -> Mapping[Modality, Sampler]:
        """One sampler for each modality that may be read."""
        made: dict[Modality, Sampler] = {}
        for modality in permissions.readable(WHO, 0):
            if modality == FACE and self.finder is not None:
                made[FACE] = FaceSampler(self.finder, WHO)
            elif modality == VOICE:
                made[VOICE] = VoiceSampler(WHO)
            elif modality == TEXT:
                made[TEXT] = TextSampler(WHO)
        return made


def _person(terms: Terms) -> Participant:
    return Participant(WHO, "labelled person", terms.deployment.participant[0].role)
