"""The five questions before anything is read: is it allowed, how much, how fast, where, and who looks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Modality, Purpose, Role
from countenance.contracts.trust import Case, Ruling, Verdict
from countenance.policy.gate import Gate
from countenance.policy.vocabulary import output_of

MODALITIES = (FACE, VOICE, TEXT, TELEMETRY)
RENTED_BELOW, OWN_ABOVE = 5_000, 30_000
"""Call minutes a month between which a mixture pays: figures of the article this product answers, not ours."""


class Timing(StrEnum):
    """When what is read is needed."""

    LIVE = "live"
    AFTER = "after"


class Residence(StrEnum):
    """Where the data has to stay."""

    OWN = "own"
    """On machines of one's own, or within the EU."""
    ANYWHERE = "anywhere"


class Path(StrEnum):
    """How to get it."""

    RENT = "rent"
    MIXED = "mixed"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Questions:
    """The answers to the five questions."""

    purpose: Purpose
    roles: tuple[Role, ...]
    jurisdictions: tuple[str, ...]
    facts: Mapping[str, str]
    on: date
    minutes: int
    """Of calls, a month."""
    timing: Timing
    residence: Residence
    reviewed: bool
    """Whether a named human looks at the readings of each person and decides."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows."""

    asked: Questions
    barred: Verdict | None
    """The rule that refuses the purpose whatever else is the case."""
    rulings: Mapping[tuple[Role, Modality], Ruling]
    path: Path

    @property
    def allowed(self) -> bool:
        """Whether anything beyond turn-taking may be read of anybody."""
        return any(ruling.allowed for (_, modality), ruling in self.rulings.items() if modality != TELEMETRY)

    @property
    def consequence(self) -> str:
        """Without a human who decides, only groups are told of."""
        return "individual" if self.asked.reviewed else "aggregate_only"


def decide(gate: Gate, asked: Questions) -> Decision:
    """Put the answers to the gate, role by role and modality by modality, and name the way that fits them."""
    consequence = "individual" if asked.reviewed else "aggregate_only"
    rulings = {
        (role, modality): gate.rule(
            Case(
                purpose=asked.purpose,
                role=role,
                modality=modality,
                output=output_of(modality),
                consequence=consequence,
                jurisdictions=asked.jurisdictions,
                on=asked.on,
                facts=asked.facts,
            )
        )
        for role in asked.roles
        for modality in MODALITIES
    }
    return Decision(asked, gate.bars(asked.purpose), rulings, _path(asked))


def configuration(decision: Decision, digest: str) -> str:
    """The decision as the part of a configuration that it settles; to be used only where something is allowed."""
    asked = decision.asked
    places = ", ".join(f'"{place}"' for place in asked.jurisdictions)
    facts = ", ".join(f'{name} = "{value}"' for name, value in sorted(asked.facts.items()))
    lines = [
        f"# Decided for {asked.on.isoformat()} under the policy {digest}.",
        f"# Way: {decision.path}; minutes a month: {asked.minutes}; needed: {asked.timing}; data: {asked.residence}.",
        f"# Readings: {decision.consequence}.",
        "[deployment]",
        f'purpose = "{asked.purpose}"',
        f"jurisdictions = [{places}]",
        *([f"facts = {{ {facts} }}"] if facts else []),
    ]
    return "\n".join(lines) + "\n"


def _path(asked: Questions) -> Path:
    if asked.residence is Residence.OWN or asked.minutes > OWN_ABOVE:
        return Path.OWN
    return Path.RENT if asked.minutes < RENTED_BELOW else Path.MIXED
