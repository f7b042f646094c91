"""Made parts of label-matched tuples: no media, no model; every modality mostly says the right label."""

import numpy as np

from countenance.contracts.call import FACE, TEXT, VOICE, Modality
from countenance.contracts.media import SECOND_US
from countenance.contracts.readings import EMOTIONS, Abstain, Observation, Reason
from countenance.training.fusion.parts import CLEAN, CONDITIONS, Item, Part

TELLS = {FACE: 0.6, VOICE: 0.5, TEXT: 0.55}


def observation(modality: Modality, label: str, share: float, at_us: int = SECOND_US) -> Observation:
    spread = dict.fromkeys(EMOTIONS, (1 - share) / 6) | {label: share}
    return Observation("p_1", modality, at_us, at_us, 0.9, spread)


def part(modality: Modality, side: str, condition: str = CLEAN, each: int = 6) -> Part:
    """`each` items per label; one in six says the next label, one in twelve nothing."""
    random = np.random.default_rng([len(modality), len(side), len(condition)])
    items = []
    for number in range(each * len(EMOTIONS)):
        label = EMOTIONS[number % len(EMOTIONS)]
        said = label if random.random() > 1 / 6 else EMOTIONS[(number + 1) % len(EMOTIONS)]
        share = TELLS[modality] * (1.0 if condition == CLEAN else 0.7)
        frames = 4 if modality == FACE else 1
        seen = tuple(observation(modality, said, share, at * 100_000 + 100_000) for at in range(frames))
        silent = number % 12 == 11
        name = f"{modality}-{side}-{number}"
        items.append(
            Item(
                name,
                label,
                f"{modality}{number // 4}",
                () if silent else seen,
                Abstain(Reason.SILENCE) if silent else None,
            )
        )
    return Part(modality, side, condition, tuple(items), {f"{modality}.v1": "ab" * 32}, dict.fromkeys(EMOTIONS, 1 / 7))


def side(name: str) -> dict[tuple[Modality, str], Part]:
    return {(m, c): part(m, name, c) for m, conditions in CONDITIONS.items() for c in conditions}
