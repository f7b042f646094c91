"""Emo-DB: ten German speakers who act seven emotions in ten sentences of everyday words.

Layout: `wav/03a01Fa.wav` (or flac): two digits speaker, three characters sentence, one letter emotion, one letter
version. The letters are German initials (F is Freude, A is Angst), so a `labels.csv` beside them is preferred.
Source: Burkhardt et al., Interspeech 2005.
"""

import re
from pathlib import Path

from countenance.training.datasets.label_files import number, visible, wrong
from countenance.training.datasets.label_tables import read_table
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

INITIALS = {
    "W": "anger",  # Wut
    "L": "boredom",  # Langeweile
    "E": "disgust",  # Ekel
    "A": "fear",  # Angst
    "F": "happiness",  # Freude
    "T": "sadness",  # Trauer
    "N": "neutral",
}
LABELS = tuple(INITIALS.values())
GENDER = {
    **dict.fromkeys(("03", "10", "11", "12", "15"), "male"),
    **dict.fromkeys(("08", "09", "13", "14", "16"), "female"),
}
"""As the publisher lists its speakers."""

_NAME = re.compile(r"(\d\d)([ab]\d\d)([WLEAFTN])([a-z])")
_COLUMNS = ("file", "speaker", "emotion")
_LISTENERS = {"recognised_pct": "recognised", "natural_pct": "natural"}


def read(folder: Path) -> Reading:
    """Every clip with the emotion its speaker was asked for; the split is left open, by speaker."""
    table = folder / "labels.csv"
    reading = _from_table(folder, table) if table.is_file() else _from_names(folder)
    unique(reading.rows)
    check_splits(reading.rows)
    return reading


def _from_table(folder: Path, table: Path) -> Reading:
    rows, missing, against = [], [], 0
    for line in read_table(table, _COLUMNS):
        fields = line.values
        if fields["emotion"] not in LABELS:
            raise wrong(table, line.number, f"names the emotion '{fields['emotion']}', which Emo-DB has not")
        path = folder / fields["file"]
        if not path.is_file():
            missing.append(fields["file"])
        named = _NAME.fullmatch(path.stem)
        against += named is not None and INITIALS[named[3]] != fields["emotion"]
        stated = {key: fields[key] for key in ("gender", "age") if fields.get(key)}
        shares = {
            name: number(fields[key], table, line.number) / 100 for key, name in _LISTENERS.items() if fields.get(key)
        }
        rows.append(
            Row(
                uid=path.stem,
                dataset="emodb",
                split=Split.UNASSIGNED,
                source=line.source,
                label=fields["emotion"],
                subject_id=fields["speaker"],
                audio_path=path if path.is_file() else None,
                demographics=_gender(fields["speaker"]) | stated,
                side_votes={"listeners": shares} if shares else {},
            )
        )
    note = f"{against} clips whose letter stands for another emotion than labels.csv says; labels.csv was followed"
    return Reading(tuple(rows), tuple(missing), (note,) if against else ())


def _from_names(folder: Path) -> Reading:
    files = _recordings(folder)
    if not files:
        raise CORPUS.lacking(folder / "wav")
    named = [(path, match) for path in files if (match := _NAME.fullmatch(path.stem))]
    rows = tuple(
        Row(
            uid=path.stem,
            dataset="emodb",
            split=Split.UNASSIGNED,
            source=f"file name {path.name}",
            label=INITIALS[match[3]],
            subject_id=match[1],
            audio_path=path,
            demographics=_gender(match[1]),
        )
        for path, match in named
    )
    if not rows:
        raise CORPUS.lacking(folder / "wav" / "03a01Fa.wav")
    notes = ["labels.csv is absent: emotions were taken from the German initials in the names"]
    if len(files) > len(named):
        notes.append(f"{len(files) - len(named)} files left out whose names are not those of Emo-DB")
    return Reading(rows, notes=tuple(notes))


def _gender(speaker: str) -> dict[str, str]:
    return {"gender": GENDER[speaker]} if speaker in GENDER else {}


def _recordings(folder: Path) -> list[Path]:
    return visible(path for kind in ("wav", "flac") for path in (folder / "wav").glob(f"*.{kind}"))


def detect(path: Path) -> bool:
    """A folder `wav` with a name such as 03a01Fa."""
    return any(_NAME.fullmatch(file.stem) for file in _recordings(path))


CORPUS = Corpus(
    name="emodb",
    title="Emo-DB",
    licence="Emo-DB (Burkhardt et al., Interspeech 2005): a free download; CC0 is claimed upstream, not verified.",
    commercial="unclear",
    requested_at="the publisher (see its paper: Burkhardt et al., Interspeech 2005)",
    labels=LABELS,
    detect=detect,
    read=read,
)
