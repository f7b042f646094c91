"""Somebody else's weights: a folder with `adapter.toml` beside `model.onnx`, which loads like a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from countenance.contracts.card import Card, Licence
from countenance.contracts.errors import BundleError
from countenance.contracts.readings import ModelRef
from countenance.inference.adaptercard import KINDS, WEIGHTS, AdapterCard
from countenance.inference.feeding import Feed
from countenance.inference.ledger import Ledger, Row, Use
from countenance.inference.onnx import CPU, OnnxModel
from countenance.inference.screen import screen_folder
from countenance.inference.tables import read_table

ADAPTER = "adapter.toml"
LARGEST_CARD = 100_000
"""Bytes; a card is a page."""
MEND = "See docs/other-weights.md for a card of every kind."


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """Somebody else's weights in a folder, described but not opened."""

    folder: Path
    spec: AdapterCard
    card: Card
    """The same facts as a model card, for shelves, reports and records."""
    ledger: Ledger
    """The ledger around the folder, with the row that the card states for the weights."""

    @property
    def ref(self) -> ModelRef:
        """What readings say about who spoke."""
        return ModelRef(self.card.id, self.card.version, self.card.files[WEIGHTS])

    def answer(self, model: OnnxModel, feed: Feed) -> NDArray[np.float32]:
        """Run one sample; the row of the output that the card reads."""
        answers = model.run(feed)
        name = self.spec.output.name if self.spec.output else None
        row: NDArray[np.float32] = answers[name or model.outputs[0]][0]
        return row

    def opened(self, providers: Sequence[str] = CPU) -> OnnxModel:
        """Check every file, then open the network."""
        screen_folder(self.folder, self.card.files, ADAPTER)
        return OnnxModel(self.folder / WEIGHTS, providers)


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter card."""
    return (folder / ADAPTER).is_file()


def read_adapter(folder: Path) -> Adapter:
    """Read `adapter.toml`; the files beside it are not touched."""
    path = folder / ADAPTER
    if path.stat().st_size > LARGEST_CARD:
        raise BundleError(f"{path}: larger than {LARGEST_CARD} bytes", MEND)
    spec = read_table(AdapterCard, path, MEND)
    row = _row(spec)
    ledger = Ledger.around(folder)
    if row.id in ledger.rows:
        raise BundleError(f"{path}: the id {row.id!r} is a row of the licence ledger", "Choose another id.")
    return Adapter(folder, spec, _card(spec), Ledger({**ledger.rows, row.id: row}))


def _row(spec: AdapterCard) -> Row:
    terms = spec.licence
    uses = (Use.COMMERCIAL, Use.RESEARCH, Use.EVALUATION) if terms.commercial else (Use.RESEARCH, Use.EVALUATION)
    fields: dict[str, Any] = {
        "id": spec.id,
        "what": "weights",
        "name": spec.summary,
        "licence": terms.name,
        "source": terms.source,
        "holder": terms.holder,
        "certainty": terms.certainty,
        "allowed": uses,
        "note": f"Trained on: {terms.data}. {terms.reason}".strip(),
    }
    return Row(**fields)


def _card(spec: AdapterCard) -> Card:
    terms, output = spec.licence, spec.output
    return Card(
        id=spec.id,
        version=spec.version,
        modality=KINDS[spec.kind],
        task="find" if spec.finder else "adapter",
        summary=spec.summary,
        outputs={output.name or "first": output.labels} if output else {},
        licence=Licence(
            code="of its publisher",
            weights=terms.name,
            data=terms.data,
            commercial=terms.commercial,
            notice=f"{spec.id}: weights of {terms.holder} ({terms.source}; {terms.name}). {terms.reason}".strip(),
            rows=(spec.id, *terms.ledger),
        ),
        input={"shape": f"an adapter of the kind {spec.kind}"},
        calibration={
            "method": "temperature" if output and output.calibrated_on else "none",
            "fitted_on": (output.calibrated_on if output else "") or "nothing: said as the net says it",
        },
        data={"train": terms.data},
        limits=(*spec.limits, "Somebody else's weights: this project measured no figure of them."),
        figures=(),
        files=spec.files,
    )
