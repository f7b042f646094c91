"""Call lines: what people say and type on calls, written and labelled by this project.

Layout: `call_lines.tsv` with the header `split TAB scenario TAB labels TAB text`; labels are names of GoEmotions,
several of them separated by commas. A scenario (a lost parcel, a maths lesson) stands in one split, `train` or `dev`.

One person of the project wrote and labelled every line, so there is no agreement to state, and a figure on `dev` says
how well the net reads this author. No line is from a real call or from any other corpus.
"""

from collections import Counter
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from countenance.training.datasets.goemotions import LABELS
from countenance.training.datasets.label_tables import Line, header, read_table
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

FILE = "call_lines.tsv"
COLUMNS = ("split", "scenario", "labels", "text")
SPLITS = (Split.TRAIN, Split.DEV)
LICENCE = "Call lines: Apache-2.0, written and labelled by this project"


@dataclass(frozen=True, slots=True)
class CallLines:
    """The lines of one split."""

    texts: tuple[str, ...]
    labels: NDArray[np.float32]
    """n x 28, 0 or 1, columns in the order of GoEmotions."""
    ids: tuple[str, ...]
    scenarios: tuple[str, ...]


def read_call_lines(split: Split, folder: Path | None = None) -> CallLines:
    """Read one split; without a folder, the lines that come with this package."""
    rows = [row for row in (_shipped() if folder is None else read(folder)).rows if row.split is split]
    labels = np.array([[float(label in row.votes) for label in LABELS] for row in rows], np.float32)
    return CallLines(
        tuple(row.text or "" for row in rows),
        labels.reshape(len(rows), len(LABELS)),
        tuple(row.uid for row in rows),
        tuple(row.group_id or "" for row in rows),
    )


def detect(folder: Path) -> bool:
    """Whether the folder holds the file with these columns."""
    return (folder / FILE).is_file() and header(folder / FILE) == list(COLUMNS)


def read(folder: Path) -> Reading:
    """Every line; a line with several labels has no hard label."""
    path = folder / FILE
    if not path.is_file():
        raise CORPUS.lacking(path)
    lines = read_table(path, COLUMNS)
    seen: Counter[str] = Counter()
    rows = []
    for line in lines:
        seen[line.values["scenario"]] += 1
        rows.append(_row(line, seen[line.values["scenario"]]))
    unique(rows)
    check_splits(rows)
    several = sum(len(row.votes) > 1 for row in rows)
    return Reading(tuple(rows), notes=(f"{several} lines carry several labels, and so no hard label", "one annotator"))


def _shipped() -> Reading:
    with as_file(files("countenance.training") / "call_lines") as folder:
        return read(folder)


def _row(line: Line, number: int) -> Row:
    split, scenario, text = (line.values[name] for name in ("split", "scenario", "text"))
    if split not in SPLITS:
        raise line.wrong(f"split is {split!r}", f"Use {' or '.join(SPLITS)}.")
    if not text or not scenario:
        raise line.wrong("no text or no scenario", "Every line has both.")
    labels = [name.strip() for name in line.values["labels"].split(",")]
    if off := [name for name in labels if name not in LABELS]:
        raise line.wrong(f"{off[0]!r} is no label of GoEmotions", f"Labels: {', '.join(LABELS)}.")
    return Row(
        uid=f"{scenario}/{number}",
        dataset="call-lines",
        split=Split(split),
        source=line.source,
        label=labels[0] if len(labels) == 1 else None,
        votes=dict.fromkeys(labels, 1.0),
        raters=1,
        group_id=scenario,
        text=text,
    )


CORPUS = Corpus(
    name="call-lines",
    title="Call lines",
    licence=LICENCE,
    commercial="yes",
    requested_at="src/countenance/training/call_lines in this project's repository",
    labels=LABELS,
    detect=detect,
    read=read,
)
