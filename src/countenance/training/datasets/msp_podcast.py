"""MSP-Podcast: turns cut from podcasts, rated by five and more people for emotion, activation, valence and dominance.

Layout: `Labels/labels_consensus.csv` or `.json` (some copies double the folder: `Labels/Labels/`), the ratings behind
it in `labels_detailed.csv|json` or `labels.txt`, the split in `Partitions.txt` or `Partition.txt`, `Audios/` or
`Audio/`, `Transcripts/`. The labels of Test3 are kept back. Source: Lotfian and Busso, IEEE Transactions on Affective
Computing 10(4), 2019.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_files import centred, number, visible, wrong
from countenance.training.datasets.label_tables import read_table
from countenance.training.datasets.msp_podcast_raters import Ratings, read_ratings
from countenance.training.datasets.plain_lines import numbered_lines, text_of
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

CODES = {
    "A": "anger",
    "S": "sad",
    "H": "happy",
    "U": "surprise",
    "F": "fear",
    "D": "disgust",
    "C": "contempt",
    "N": "neutral",
    "O": "other",
}
LABELS = tuple(CODES.values())
NO_AGREEMENT = "X"
SPLITS = {
    "Train": Split.TRAIN,
    "Development": Split.DEV,
    "Test1": Split.TEST,
    "Test2": Split.TEST,
    "Test3": Split.WITHHELD,
}
SCALE = (1, 7)
"""Valence, activation and dominance; 4 becomes 0."""

_COLUMNS = ("FileName", "EmoClass", "EmoAct", "EmoVal", "EmoDom", "SpkrID", "Gender", "Split_Set")
_DIMENSIONS = {"valence": "EmoVal", "arousal": "EmoAct", "dominance": "EmoDom"}
_CONSENSUS = ("labels_consensus.csv", "labels_consensus.json")
_PARTITIONS = ("Partitions.txt", "Partition.txt")
_AUDIO = ("Audios", "Audio")

_Stated = tuple[str, int, Mapping[str, str]]


def read(root: Path) -> Reading:
    """Every turn with the class most of its raters chose first, as published; X, no agreement, becomes None.

    `votes` are first choices, `side_votes["secondary"]` the tags beside them. Speakers may occur in more than one test
    set, in no other split. A turn of Test3 keeps neither label nor speaker.
    """
    table = _consensus(root)
    if table is None:
        raise CORPUS.lacking(root / "Labels" / _CONSENSUS[0])
    split_of = _partition(root)
    ratings = read_ratings(table.parent)
    audio = _audio(root)
    counts: Counter[str] = Counter()
    rows = []
    for turn in _stated(table):
        name, _, fields = turn
        row = _row(table, turn, _split(table, turn, split_of.pop(name, None)), ratings.get(name, Ratings()))
        withheld = row.split is Split.WITHHELD
        counts["turns without agreement (X), kept without a label"] += (
            not withheld and fields["EmoClass"] == NO_AGREEMENT
        )
        counts["turns of unknown speakers"] += not withheld and row.subject_id is None
        rows.append(row)
    for name, split in split_of.items():
        if split is Split.WITHHELD:
            rows.append(Row(_stem(name), "msp_podcast", split, f"the partition, {name}"))
        else:
            counts["turns of the partition left out, for the consensus does not label them"] += 1
    unique(rows)
    check_splits(rows)
    notes = [f"{n} {what}" for what, n in counts.items() if n]
    if not ratings:
        notes.append("no votes: labels_detailed.csv, labels_detailed.json and labels.txt are absent")
    missing = tuple(f"{_AUDIO[0]}/{row.uid}.wav" for row in rows if row.uid not in audio)
    return Reading(tuple(_with_media(row, root, audio) for row in rows), missing, tuple(notes))


def _row(table: Path, turn: _Stated, split: Split, ratings: Ratings) -> Row:
    name, line, fields = turn
    place = _place(table.name, turn)
    if split is Split.WITHHELD:
        return Row(_stem(name), "msp_podcast", split, place)
    code = fields["EmoClass"]
    if code not in (*CODES, NO_AGREEMENT):
        raise _fault(table, turn, f"the class '{code}' is none of {', '.join((*CODES, NO_AGREEMENT))}")
    speaker, gender = fields["SpkrID"], fields["Gender"].lower()
    scores = {dimension: number(fields[column], table, line) for dimension, column in _DIMENSIONS.items()}
    return Row(
        uid=_stem(name),
        dataset="msp_podcast",
        split=split,
        source=place,
        label=CODES.get(code),
        votes=dict(ratings.primary),
        raters=ratings.raters,
        dimensions={dimension: centred(score, *SCALE) for dimension, score in scores.items()},
        subject_id=None if speaker.lower() in ("", "unknown") else speaker,
        demographics={"gender": gender} if gender in ("female", "male") else {},
        side_votes={"secondary": dict(ratings.secondary)} if ratings.secondary else {},
    )


def _with_media(row: Row, root: Path, audio: Mapping[str, Path]) -> Row:
    words = root / "Transcripts" / f"{row.uid}.txt"
    text = words.read_text(encoding="utf-8", errors="replace").strip() if words.is_file() else None
    return replace(row, audio_path=audio.get(row.uid), text=text or None)


def _stated(table: Path) -> Iterator[_Stated]:
    """Every turn of the consensus with its line (0 in json) and fields."""
    if table.suffix == ".csv":
        for line in read_table(table, _COLUMNS):
            yield line.values["FileName"], line.number, line.values
        return
    try:
        turns = json.loads(text_of(table))
        for name, fields in turns.items():
            yield name, 0, {column: str(fields[column]) for column in _COLUMNS[1:]}
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError) as error:
        problem = f"{table} is not a table of {', '.join(_COLUMNS[1:])} by file name ({error})"
        raise DatasetError(problem, "Fetch the file again.") from error


def _split(table: Path, turn: _Stated, official: Split | None) -> Split:
    _, _, fields = turn
    stated = SPLITS.get(fields["Split_Set"])
    if stated is None:
        raise _fault(table, turn, f"the split '{fields['Split_Set']}' is none of {', '.join(SPLITS)}")
    if official not in (None, stated):
        raise _fault(table, turn, f"stands in {stated} here and in {official} in the partition file")
    return stated


def _fault(table: Path, turn: _Stated, problem: str) -> DatasetError:
    return DatasetError(f"{_place(str(table), turn)}: {problem}", "Fetch the file again, or correct the line.")


def _place(table: str, turn: _Stated) -> str:
    name, line, _ = turn
    return f"{table}, line {line} ({name})" if line else f"{table}, {name}"


def _partition(root: Path) -> dict[str, Split]:
    """The split of every file name; empty without the file, for the consensus states it too."""
    path = next((root / name for name in _PARTITIONS if (root / name).is_file()), None)
    if path is None:
        return {}
    found = {}
    for at, line in numbered_lines(path):
        if not line.strip():
            continue
        split, _, name = (part.strip() for part in line.partition(";"))
        if split not in SPLITS or not name:
            raise wrong(path, at, "is not a split and a file name with a semicolon between")
        found[name] = SPLITS[split]
    return found


def _consensus(root: Path) -> Path | None:
    places = (root / folder / name for folder in ("Labels", "Labels/Labels") for name in _CONSENSUS)
    return next((place for place in places if place.is_file()), None)


def _audio(root: Path) -> dict[str, Path]:
    """Recordings by name, each folder listed once: there are more than a hundred thousand."""
    return {path.stem: path for folder in reversed(_AUDIO) for path in visible((root / folder).glob("*.wav"))}


def _stem(name: str) -> str:
    return name.removesuffix(".wav")


def detect(path: Path) -> bool:
    """A consensus of labels beside a partition or recordings."""
    return _consensus(path) is not None and any((path / name).exists() for name in (*_PARTITIONS, *_AUDIO))


CORPUS = Corpus(
    name="msp_podcast",
    title="MSP-Podcast",
    licence="MSP-Podcast (University of Texas at Dallas): for research, on request, under an agreement that forbids "
    "redistribution.",
    commercial="unclear",
    requested_at="https://ecs.utdallas.edu/research/researchlabs/msp-lab/MSP-Podcast.html",
    labels=LABELS,
    detect=detect,
    read=read,
)
