"""What a person is shown before they answer, in plain words and one language, out of the rulings and the deployment.

The hash is over the exact text. The substance, the same in every language, is what a yes relies on: when it changes,
the yes no longer stands.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from countenance.consent.blocks import Block, Blocks
from countenance.consent.canonical import canonical
from countenance.consent.terms import Terms
from countenance.consent.wording import Wording
from countenance.contracts.call import FACE, TELEMETRY, TEXT, VOICE, Modality
from countenance.contracts.errors import ConsentError, RefusedError
from countenance.contracts.trust import Ruling

ORDER = (FACE, VOICE, TEXT, TELEMETRY)


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it was shown, word for word."""

    id: str
    language: str
    blocks: tuple[Block, ...]
    spoken: str
    """The short form, said or shown at the latest at first exposure (AI Act 50(3))."""
    substance: Mapping[Modality, str]
    """sha256 of what a yes to this modality relies on, whatever the language."""

    @property
    def text(self) -> str:
        """The whole text, the same bytes for the same notice."""
        return "\n\n".join("\n".join((block.title, *block.lines)) for block in self.blocks) + "\n"

    @property
    def sha256(self) -> str:
        """The hash that stands in every record of an answer to it."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def spoken_sha256(self) -> str:
        """The hash of the short form."""
        return hashlib.sha256(self.spoken.encode()).hexdigest()


def write_notice(wording: Wording, rulings: Mapping[Modality, Ruling], terms: Terms) -> Notice:
    """Fill a notice in; raises RefusedError for what may not be asked, ConsentError for what it cannot say."""
    asked = _asked(rulings)
    blocks = Blocks(wording, asked, terms).all()
    seen = [m for m in asked if m != TELEMETRY]
    modalities = ", ".join(wording.say("spoken", m) for m in seen) or wording.say("names", TELEMETRY)
    spoken = wording.say("spoken", "notice", controllers=", ".join(terms.controllers), modalities=modalities)
    substance = {modality: substance_of(wording.id, ruling, terms) for modality, ruling in asked.items()}
    return Notice(wording.id, wording.language, blocks, spoken, substance)


def substance_of(notice: str, ruling: Ruling, terms: Terms) -> str:
    """sha256 of what a yes relies on: who, what for, who sees it, how long, in which form."""
    duties = ruling.duties
    relied_on: dict[str, object] = {
        "notice": notice,
        "purpose": str(ruling.case.purpose),
        "modality": ruling.case.modality,
        "consent": duties.consent,
        "retention_days": duties.retention_days,
        "human_role": duties.human_role,
        "aggregate_k": duties.aggregate_k,
        "subject_only": "visible_to_subject_only" in duties.names,
        "controllers": sorted(terms.controllers),
        "recipients": sorted(terms.recipients),
        "transfers": sorted(terms.transfers),
    }
    return hashlib.sha256(canonical(relied_on)).hexdigest()


def _asked(rulings: Mapping[Modality, Ruling]) -> dict[Modality, Ruling]:
    if not rulings:
        raise ConsentError("the notice asks for nothing", "Name at least one modality.")
    for modality, ruling in rulings.items():
        if not ruling.allowed:
            first = ruling.verdicts[0]
            problem = f"{modality} may not be asked for: {first.reason} [{first.citation}]"
            raise RefusedError(problem, "Leave it out of the notice; no consent lifts this.")
    if len({ruling.case.purpose for ruling in rulings.values()}) > 1:
        raise ConsentError("one notice cannot ask for two purposes", "Ask for each purpose on its own.")
    rank = {modality: place for place, modality in enumerate(ORDER)}
    return dict(sorted(rulings.items(), key=lambda item: rank.get(item[0], len(ORDER))))
