"""What a bundle is and how it was made: the blocks that its own files fill."""

from collections.abc import Iterator, Mapping
from typing import Any

from countenance.evaluation.cards.artefacts import Artefacts
from countenance.evaluation.cards.document import Block, Code, Facts, Items, Said, Sheet, Words

SAID_ELSEWHERE = ("train", "demographics")
LONGEST_LIST = 60


def identity(found: Artefacts) -> Iterator[Block]:
    """Name, version, task, terms."""
    card = found.card
    yield Facts(
        (
            ("Name", card.name),
            ("Version", card.version),
            ("Modality", card.modality),
            ("Task", card.task),
            ("What it says", card.summary),
            ("sha256 of the weights", Code(card.files["model.onnx"])),
            ("Profile `commercial`".replace("`", '"'), "may load it" if card.licence.commercial else "refuses it"),
            ("Notice", card.licence.notice),
        )
    )


def form(found: Artefacts) -> Iterator[Block]:
    """The files, their sizes and hashes."""
    rows = tuple((Code(name), f"{size:,}", Code(found.card.files[name])) for name, size in found.sizes.items())
    yield Sheet("Files", ("file", "bytes", "sha256"), rows)


def development(found: Artefacts) -> Iterator[Block]:
    """How it was trained, as far as card, recipe and record say."""
    data = {key: value for key, value in found.card.data.items() if key not in SAID_ELSEWHERE}
    if data:
        yield Facts(tuple((_title(key), str(value)) for key, value in data.items()))
    borrowed = [row for row in found.rows if row.what == "weights"]
    yield Words(
        "Weights of others it starts from or learned from: " + "; ".join(f"{row.name} ({row.note})" for row in borrowed)
        if borrowed
        else "No weights of others were used: it was trained from its own beginning."
    )
    if found.recipe:
        title = "Recipe that `countenance train` follows for this name; how these weights came about is said above"
        yield Sheet(title, ("setting", "value"), tuple((Code(key), value) for key, value in _flat(found.recipe, "")))
    else:
        yield Words("The command that trained it, with its options, stands in training.md.")
    if found.record:
        yield Sheet("Record of the run", ("what", "value"), tuple((Code(k), v) for k, v in _flat(found.record, "")))


def input_output(found: Artefacts) -> Iterator[Block]:
    """Shapes, layouts and label names."""
    rows: list[tuple[str, Said]] = [
        (f"Input, {key.replace('_', ' ')}", str(value)) for key, value in found.card.input.items()
    ]
    for name, labels in found.card.outputs.items():
        listed = ", ".join(labels) if len(labels) <= LONGEST_LIST else f"{len(labels)} numbers"
        rows.append((f"Output {name}", listed or "numbers without names"))
    yield Facts(tuple(rows))


def training_data(found: Artefacts) -> Iterator[Block]:
    """Provenance and the people in the data."""
    data = found.card.data
    rows: list[tuple[str, Said]] = [
        ("Data", data.get("train", "not stated")),
        ("People in it", data.get("demographics", "not stated")),
        ("Terms of the data", found.card.licence.data),
    ]
    yield Facts(tuple(rows))


def ledger(found: Artefacts) -> Iterator[Block]:
    """The licence rows."""
    yield Sheet(
        "Licence rows",
        ("row", "what", "name", "licence", "holder", "how sure", "may be used for", "note"),
        tuple(
            (
                Code(row.id),
                row.what,
                row.name,
                row.licence,
                row.holder,
                row.certainty.value,
                ", ".join(row.allowed),
                row.note,
            )
            for row in found.rows
        ),
    )
    sources = tuple(f"{row.id}: {row.source}" for row in found.rows)
    yield Words("Where each was taken from:")
    yield Items(sources)


def calibration(found: Artefacts) -> Iterator[Block]:
    """How scores become probabilities, and when the leading label is unsure."""
    said = found.card.calibration
    rows: list[tuple[str, Said]] = [("Method", said.get("method", "none").replace("_", " and "))]
    rows += [(_title(key), str(value)) for key, value in said.items() if key != "method"]
    kept = found.calibration
    if "temperature" in kept:
        rows.append(("Temperature", f"{kept['temperature']:.4g}"))
    if "abstain_below" in kept:
        rows.append(("Unsure below a top probability of", f"{kept['abstain_below']:.4g}"))
    if isinstance(sets := kept.get("conformal"), dict) and "alpha" in sets:
        rows.append(("Prediction sets hold the label with a chance of", f"{1 - sets['alpha']:.2f}"))
    yield Facts(tuple(rows))


def limits(found: Artefacts) -> Iterator[Block]:
    """What it cannot do, in its own words."""
    yield Items(found.card.limits)


def _title(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)
