"""Other people's weights as readers of rows: the adapter's encoder as it runs in an analysis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from countenance.capture.faces import FaceFinder
from countenance.contracts.errors import BundleError, EvaluationError, UsageError
from countenance.contracts.media import Quality, TextSample
from countenance.contracts.readings import EMOTIONS
from countenance.contracts.stages import Encoder
from countenance.encoders.adapters import KINDS
from countenance.inference.adapter import Adapter, read_adapter
from countenance.inference.capped import tried
from countenance.inference.shelf import Shelf
from countenance.training.datasets.store import Row
from countenance.training.scoring.faces import expression, read_faces
from countenance.training.scoring.said import Said
from countenance.training.scoring.voices import read_voices


def adapter_in(folder: Path, shelf: Shelf) -> Adapter:
    """An adapter that the profile allows and that passed its trial."""
    adapter = read_adapter(folder)
    if adapter.spec.kind not in KINDS:
        raise UsageError(
            f"{folder}: a {adapter.spec.kind} from outside is not measured here", "Give a face, voice or text."
        )
    adapter.ledger.check(adapter.card)
    if why := adapter.ledger.forbids(adapter.card, shelf.profile):
        raise BundleError(f"{adapter.card.name} may not load under the profile {shelf.profile.value!r}: {why}", "")
    tried(folder)
    return adapter


@dataclass(frozen=True, slots=True)
class ForeignReader:
    """How an adapter reads rows of its kind."""

    adapter: Adapter
    encoder: Encoder
    finder: FaceFinder | None

    @property
    def says(self) -> tuple[str, ...]:
        """The labels it can be asked for."""
        output = self.adapter.spec.output
        alone = tuple(sorted(set(output.alone.values()))) if output else ()
        return (*(EMOTIONS if output and output.emotions else ()), *alone)

    def read(self, rows: Sequence[Row]) -> Iterator[Said]:
        """One answer per row."""
        if self.adapter.spec.face:
            yield from read_faces(rows, self.encoder, self.finder, expression)
        elif self.adapter.spec.voice:
            yield from read_voices(rows, self.encoder)
        else:
            yield from (self._text(row) for row in rows)

    def _text(self, row: Row) -> Said:
        if row.text is None:
            raise EvaluationError(f"{row.source} has no text", "Choose a corpus of words.")
        (said,) = self.encoder.encode([TextSample("p_1", 0, 0, row.text, Quality(1.0))])
        if said.abstain is not None:
            return Said(abstained=said.abstain.reason.value)
        shares = {name: said.scores[name] for name in EMOTIONS if name in said.scores}
        return Said(shares=shares, each=said.scores, dimensions=said.dimensions)
