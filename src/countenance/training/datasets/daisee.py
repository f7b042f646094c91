"""DAiSEE: ten-second clips of people who follow a lecture, rated for four states from 0 to 3.

Layout: `DataSet/{Train,Validation,Test}/<subject>/<clip>/<clip>.avi`, `Labels/{Train,Validation,Test}Labels.csv`.
`Row.votes` holds the published level (0 very low to 3 very high) of each state, not a count of raters: the release
has no ratings of single raters. Hard label: the state with the highest level above 0; None when two share it.
Very few clips have engagement 0: `engagement` merges levels 0 and 1, and accuracy alone says nothing there.
Source: Gupta et al., arXiv:1609.01885. Validation is dev, Test is test.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from countenance.training.datasets.label_tables import Line, read_table
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

STATES = ("Boredom", "Engagement", "Confusion", "Frustration")
HIGHEST = 3
SPLITS = {"Train": Split.TRAIN, "Validation": Split.DEV, "Test": Split.TEST}
MEDIA = (".avi", ".mp4")
GENDER_LISTS = {"Males.txt": "male", "Females.txt": "female"}


def engagement(row: Row) -> str:
    """Low (levels 0 and 1, merged because level 0 is too rare), high (2) or very high (3)."""
    return ("low", "low", "high", "very high")[int(row.votes["Engagement"])]


def hard_label(levels: Mapping[str, float]) -> str | None:
    """The state with the highest level above 0; None when two share it or all are 0."""
    highest = max(levels.values())
    winners = [state for state, level in levels.items() if level == highest]
    return winners[0] if highest > 0 and len(winners) == 1 else None


def _detect(path: Path) -> bool:
    return (path / "Labels" / "TrainLabels.csv").is_file()


def _read(path: Path) -> Reading:
    genders = _genders(path)
    rows: list[Row] = []
    missing: list[str] = []
    for name, split in SPLITS.items():
        table = path / "Labels" / f"{name}Labels.csv"
        if not table.is_file():
            raise CORPUS.lacking(table)
        clips = _clips(path / "DataSet" / name)
        for line in read_table(table, ("ClipID", *STATES)):
            clip = clips.get(Path(line.values["ClipID"]).stem)
            if clip is None:
                missing.append(f"DataSet/{name}: {line.values['ClipID']}")
            else:
                rows.append(_row(line, split, clip, genders))
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), tuple(missing), _notes(rows, missing))


def _clips(folder: Path) -> dict[str, Path]:
    found = (clip for clip in folder.glob("*/*/*") if clip.suffix.lower() in MEDIA)
    return {clip.stem: clip for clip in sorted(found) if not clip.name.startswith("._")}


def _row(line: Line, split: Split, clip: Path, genders: Mapping[str, str]) -> Row:
    levels = {state: float(line.code(state, HIGHEST)) for state in STATES}
    subject = clip.parent.parent.name
    gender = genders.get(clip.stem, genders.get(subject))
    return Row(
        uid=clip.stem,
        dataset=CORPUS.name,
        split=split,
        source=line.source,
        label=hard_label(levels),
        votes=levels,
        subject_id=subject,
        face_path=clip,
        demographics={} if gender is None else {"gender": gender},
    )


def _genders(path: Path) -> dict[str, str]:
    """Gender by clip or subject, from whichever lists the copy has; they are not part of every release."""
    told = {}
    for name, gender in GENDER_LISTS.items():
        for place in (path / name, path / "Gender" / name, path / "Labels" / name):
            if place.is_file():
                entries = place.read_text(encoding="utf-8-sig", errors="replace").split()
                told.update({Path(entry).stem: gender for entry in entries})
    return told


def _notes(rows: list[Row], missing: list[str]) -> tuple[str, ...]:
    notes = []
    for split in SPLITS.values():
        levels = Counter(int(row.votes["Engagement"]) for row in rows if row.split is split)
        if levels:
            told = ", ".join(f"level {level}: {levels[level]}" for level in range(HIGHEST + 1))
            notes.append(f"engagement in {split}: {told} (merge levels 0 and 1; never report accuracy alone)")
    if missing:
        notes.append(f"{len(missing)} labelled clips are not in the folder and were left out")
    return tuple(notes)


CORPUS = Corpus(
    name="daisee",
    title="DAiSEE",
    licence="DAiSEE (Gupta et al., 2016): for research, on request, under an agreement against commercial use.",
    commercial="unclear",
    requested_at="https://people.iith.ac.in/vineethnb/resources/daisee/index.html",
    labels=STATES,
    detect=_detect,
    read=_read,
)
