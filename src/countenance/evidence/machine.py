"""Blocks on what runs: the deployment, its outputs, its models, its policy."""

from collections.abc import Iterator

from countenance import __version__
from countenance.evaluation.cards.document import Block, Code, Facts, Said, Sheet, Words
from countenance.evidence.standing import Standing


def deployment(standing: Standing) -> Iterator[Block]:
    """Purpose, places, day, software."""
    asked = standing.deployment
    yield Facts(
        (
            ("Deployment", Code(asked.deployment_id)),
            ("Purpose", asked.purpose.value),
            ("Places", ", ".join(asked.jurisdictions) or "not stated, so the strictest hold"),
            ("Law of the day", standing.on.isoformat()),
            ("Facts stated", ", ".join(f"{k} = {v}" for k, v in asked.facts.items()) or "none, so the strictest hold"),
            ("Faces sampled", f"{asked.fps} times a second"),
            ("Profile of models", asked.profile.value),
            ("Software", f"Countenance {__version__}"),
        )
    )


def outputs(standing: Standing) -> Iterator[Block]:
    """What is said of a person, per taxonomy."""
    rows = tuple(
        (taxonomy.name, ", ".join([*(one.name for one in taxonomy.label), *(d.name for d in taxonomy.dimension)]))
        for taxonomy in standing.taxonomies
    )
    yield Sheet("Outputs", ("taxonomy", "labels and dimensions"), rows)
    yield Words("Each with a probability, a band and a reason, or withheld with a reason.")


def models(standing: Standing) -> Iterator[Block]:
    """Bundles with their hashes and terms."""
    rows: tuple[tuple[Said, ...], ...] = tuple(
        (card.name, card.modality, card.licence.weights, Code(card.files["model.onnx"])) for card in standing.cards
    )
    if rows:
        yield Sheet("Bundles that are loaded", ("bundle", "modality", "licence of weights", "sha256"), rows)
    else:
        yield Words("No bundle is loaded: nothing may be read.")


def policy(standing: Standing) -> Iterator[Block]:
    """Law files with their sources, and the digest that every lease repeats."""
    yield Facts((("Digest of all law files", Code(standing.gate.digest)),))
    rows = tuple(
        (law.name, law.layer.value, law.source, law.certainty, law.checked_on.isoformat()) for law in standing.gate.laws
    )
    yield Sheet("Law files", ("name", "layer", "source", "certainty", "checked on"), rows)
