"""CREMA-D: ninety-one actors, twelve sentences, six emotions, watched and heard by many raters.

Layout: `AudioWAV/1001_DFA_ANG_XX.wav` and `VideoFlash/1001_DFA_ANG_XX.flv` (actor, sentence, emotion, level);
`VideoDemographics.csv` (`ActorID,Age,Sex,Race,Ethnicity`); `processedResults/tabulatedVotes.csv`. Sentences are said in
every emotion, so a row has no text. Source: Cao et al., IEEE Transactions on Affective Computing 5(4), 2014.
"""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from countenance.training.datasets.label_files import number, visible, wrong
from countenance.training.datasets.label_tables import read_table
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

CODES = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
LABELS = tuple(CODES.values())
LEVELS = ("LO", "MD", "HI", "XX")
KINDS = {"1": "voice", "2": "face", "3": "both"}
"""What raters were given: the first digit of a row of votes."""

_NAME = re.compile(rf"(\d{{4}})_[A-Z]{{3}}_({'|'.join(CODES)})_({'|'.join(LEVELS)}|X)")  # one published name ends in X
_PLACES = ("AudioWAV/*.wav", "VideoFlash/*.flv")
_PEOPLE = ("ActorID", "Age", "Sex", "Race", "Ethnicity")
_POINTER = b"version https://git-lfs.github.com/spec/"

_Votes = dict[str, dict[str, float]]


def read(folder: Path) -> Reading:
    """Every clip with the emotion its actor was asked for; the split is left open, by actor.

    `votes` are those of raters who saw and heard the clip; those who only heard or saw it stand in `side_votes`. The
    publisher does not say who stated age, sex, race and ethnicity, so they do not count as self-reported.
    """
    media = {place: _media(folder, place) for place in _PLACES}
    stems = sorted({stem for files in media.values() for stem in files})
    if not stems:
        raise CORPUS.lacking(folder / "AudioWAV")
    people, votes = _people(folder), _votes(folder)
    counts: Counter[str] = Counter()
    rows, missing = [], []
    for stem in stems:
        match = _NAME.fullmatch(stem)
        if match is None:
            counts["names left out that are not those of CREMA-D"] += 1
            continue
        paths: dict[str, Path | None] = {}
        for place, files in media.items():
            path = files.get(stem)
            pointer = path is not None and is_pointer(path)
            counts["files are only Git LFS pointers: fetch the media with `git lfs pull`"] += pointer
            if pointer or (path is None and files):
                missing.append(place.replace("*", stem))
            paths[place] = None if pointer else path
        counts["clips of actors without demographics"] += match[1] not in people
        rows.append(_row(match, paths, people.get(match[1], {}), votes.get(stem, {})))
    unique(rows)
    check_splits(rows)
    notes = [f"{n} {what}" for what, n in counts.items() if n]
    if not votes:
        notes.append("no votes: processedResults/tabulatedVotes.csv is absent")
    return Reading(tuple(rows), tuple(missing), tuple(notes))


def _row(match: re.Match[str], paths: dict[str, Path | None], person: Mapping[str, str], votes: _Votes) -> Row:
    both = votes.get("both", {})
    return Row(
        uid=match[0],
        dataset="crema_d",
        split=Split.UNASSIGNED,
        source=f"file name {match[0]}",
        label=CODES[match[2]],
        votes=both,
        raters=int(sum(both.values())),
        subject_id=match[1],
        audio_path=paths["AudioWAV/*.wav"],
        face_path=paths["VideoFlash/*.flv"],
        demographics=person,
        side_votes={kind: given for kind, given in votes.items() if kind != "both"},
    )


def is_pointer(path: Path) -> bool:
    """Whether a file only points to media that Git LFS keeps elsewhere."""
    with path.open("rb") as file:
        return file.read(len(_POINTER)) == _POINTER


def _media(folder: Path, pattern: str) -> dict[str, Path]:
    return {path.stem: path for path in visible(folder.glob(pattern))}


def _people(folder: Path) -> dict[str, Mapping[str, str]]:
    """Age, gender, race and ethnicity by actor; empty without the table."""
    table = folder / "VideoDemographics.csv"
    if not table.is_file():
        return {}
    people: dict[str, Mapping[str, str]] = {}
    for line in read_table(table, _PEOPLE):
        actor, age, sex, race, ethnicity = (line.values[name] for name in _PEOPLE)
        people[actor] = {"age": age, "gender": sex.lower(), "race": race, "ethnicity": ethnicity}
    return people


def _votes(folder: Path) -> dict[str, _Votes]:
    """Votes by clip and by what raters were given; empty without the table."""
    table = folder / "processedResults" / "tabulatedVotes.csv"
    if not table.is_file():
        return {}
    initials = {label[0].upper(): label for label in LABELS}
    found: dict[str, _Votes] = {}
    for line in read_table(table, ("", *initials, "fileName")):
        kind = KINDS.get(line.values[""][:1])
        if kind is None:
            raise wrong(table, line.number, "does not start with 1 (voice), 2 (face) or 3 (both)")
        given = {label: number(line.values[initial], table, line.number) for initial, label in initials.items()}
        kinds = found.setdefault(line.values["fileName"], {})
        kinds[kind] = {label: count for label, count in given.items() if count}
    return found


def detect(path: Path) -> bool:
    """A folder of clips with names such as 1001_DFA_ANG_XX."""
    return any(_NAME.fullmatch(file.stem) for place in _PLACES for file in path.glob(place))


CORPUS = Corpus(
    name="crema_d",
    title="CREMA-D",
    licence="CREMA-D (Cao et al., 2014): Open Database Licence (ODbL), as its README says.",
    commercial="unclear",
    requested_at="https://github.com/CheyneyComputerScience/CREMA-D",
    labels=LABELS,
    detect=detect,
    read=read,
)
