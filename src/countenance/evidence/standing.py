"""What stands on the day a pack is written: the deployment, its rulings, its models, and what the store holds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from countenance.aggregation.taxonomy import Taxonomy, load
from countenance.assembly import call_of, rule_all
from countenance.contracts.call import Call, Modality, Participant
from countenance.contracts.card import Card
from countenance.contracts.trust import Ruling
from countenance.deployment import Deployment
from countenance.evidence.kept import Kept
from countenance.inference.shelf import Shelf
from countenance.policy.gate import Gate


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything the papers are written from."""

    deployment: Deployment
    call: Call
    on: date
    gate: Gate
    rulings: Mapping[tuple[str, Modality], Ruling]
    """By participant id and modality."""
    taxonomies: tuple[Taxonomy, ...]
    cards: tuple[Card, ...]
    """The bundles that would be loaded."""
    kept: Kept | None = None
    """What the store holds; None when no store was named."""

    def people(self) -> Iterator[tuple[Participant, Mapping[Modality, Ruling]]]:
        """Each participant with the rulings by modality."""
        for participant in self.call.participants:
            yield participant, {m: r for (who, m), r in self.rulings.items() if who == participant.id}

    def read(self) -> tuple[Modality, ...]:
        """The modalities that are read of anybody."""
        return tuple(dict.fromkeys(m for (_, m), ruling in self.rulings.items() if ruling.allowed))


def standing(deployment: Deployment, today: date, kept: Kept | None = None) -> Standing:
    """Ask the gate for every participant and modality; opens no recording."""
    on = deployment.on or today
    call, gate = call_of(deployment), Gate.load(overlays=deployment.overlays)
    taxonomies = tuple(load(name) for name in deployment.taxonomies)
    rulings = rule_all(gate, deployment, call, taxonomies, on)
    wanted = {modality for (_, modality), ruling in rulings.items() if ruling.allowed}
    shelf = Shelf.installed(deployment.profile, deployment.models.paths)
    cards = tuple(card for _, card in sorted(shelf.cards.items()) if card.modality in wanted)
    return Standing(deployment, call, on, gate, rulings, taxonomies, cards, kept)
