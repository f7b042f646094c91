"""Texts through the text encoder: the distribution, every label for itself, and the dimensions."""

from collections.abc import Iterator, Sequence

from countenance.contracts.errors import EvaluationError
from countenance.contracts.media import Quality, TextSample
from countenance.contracts.readings import EMOTIONS, Observation
from countenance.encoders.text import TextEncoder
from countenance.inference.bundle import Bundle
from countenance.training.datasets.store import Row
from countenance.training.scoring.said import Said
from countenance.training.scoring.tape import Tape, taped

NEGATIVE = ("anger", "disgust", "fear", "sadness")


def read_texts(rows: Sequence[Row], emotion: Bundle, vad: Bundle | None = None) -> Iterator[Said]:
    """One answer per row; its text is read alone, as an utterance of the call."""
    heard, tape = taped(emotion)
    encoder = TextEncoder(heard, vad)
    labels = emotion.card.outputs["scores"]
    for row in rows:
        if row.text is None:
            raise EvaluationError(f"{row.source} has no text", "Choose a corpus of words.")
        sample = TextSample("p_1", 0, 0, row.text, Quality(1.0))
        said = encoder.encode([sample])[0]
        yield _said(said, labels, emotion, tape)


def _said(said: Observation, labels: Sequence[str], emotion: Bundle, tape: Tape) -> Said:
    if said.abstain is not None:
        return Said(abstained=said.abstain.reason.value)
    each = emotion.calibration.each(tape.last["scores"])[0]
    shares = {name: said.scores[name] for name in EMOTIONS}
    return Said(
        shares=shares,
        each=dict(zip(labels, map(float, each), strict=True)) | {"negative": sum(shares[name] for name in NEGATIVE)},
        dimensions=said.dimensions,
        embedding=said.embedding,
    )
