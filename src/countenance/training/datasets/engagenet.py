"""EngageNet: ten-second clips of people in front of a screen, with one of four engagement levels or nobody there.

Layout: `{Train,Validation,Test}/subject_<id>_<...>.mp4`, `train_engagement_labels.xlsx`,
`validation_engagement_labels.xlsx`, `test_engagement_labels.csv` with the columns `chunk` and `label`.
Hard label: the published one, as it is; clips of the label SNP keep it, and mean "no signal", not disengagement.
The splits share no subject; Validation is dev, Test is test. Source: the repository engagenet/engagenet_baselines.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from countenance.training.datasets.label_tables import Line, read_table
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

NOBODY = "SNP(Subject Not Present)"
LABELS = ("Not-Engaged", "Barely-engaged", "Engaged", "Highly-Engaged", NOBODY)
TABLES = {
    "train_engagement_labels.xlsx": ("Train", Split.TRAIN),
    "validation_engagement_labels.xlsx": ("Validation", Split.DEV),
    "test_engagement_labels.csv": ("Test", Split.TEST),
}
_SUBJECT = re.compile(r"subject_([^_]+)_")
_SPELLED = {"".join(label.lower().split()): label for label in LABELS}


def canonical(label: str) -> str | None:
    """The label in the corpus's own spelling, whatever the case and the spaces; None when there is none such."""
    return _SPELLED.get("".join(label.lower().split()))


def _detect(path: Path) -> bool:
    return any((path / name).is_file() for name in TABLES)


def _read(path: Path) -> Reading:
    rows: list[Row] = []
    missing: list[str] = []
    for name, (folder, split) in TABLES.items():
        if not (path / name).is_file():
            raise CORPUS.lacking(path / name)
        for line in read_table(path / name, ("chunk", "label")):
            row = _row(line, split, path / folder)
            if row.face_path is not None and row.face_path.is_file():
                rows.append(row)
            else:
                missing.append(f"{folder}/{line.values['chunk']}")
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), tuple(missing), _notes(rows, missing))


def _row(line: Line, split: Split, folder: Path) -> Row:
    chunk, label = line.values["chunk"], canonical(line.values["label"])
    subject = _SUBJECT.match(chunk)
    if subject is None:
        raise line.wrong(f"{chunk!r} names no subject", "Clips are called subject_<id>_<...>.mp4.")
    if label is None:
        raise line.wrong(f"{line.values['label']!r} is no label", f"Labels are {', '.join(LABELS)}.")
    return Row(
        uid=Path(chunk).stem,
        dataset=CORPUS.name,
        split=split,
        source=line.source,
        label=label,
        subject_id=subject[1],
        face_path=folder / chunk,
    )


def _notes(rows: list[Row], missing: list[str]) -> tuple[str, ...]:
    counts: Mapping[str, int] = {
        f"clips show nobody ({NOBODY}): no signal, no level of engagement": sum(r.label == NOBODY for r in rows),
        "labelled clips are not in the folder and were left out": len(missing),
    }
    return tuple(f"{count} {what}" for what, count in counts.items() if count)


CORPUS = Corpus(
    name="engagenet",
    title="EngageNet",
    licence="EngageNet: for research, on request to its authors; the terms of the form were not verified here.",
    commercial="unclear",
    requested_at="https://github.com/engagenet/engagenet_baselines",
    labels=LABELS,
    detect=_detect,
    read=_read,
)
