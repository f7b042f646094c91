"""USS: user turns of task dialogues, each rated for satisfaction from 1 to 5. For evaluation only.

Layout: `dataset/{MWOZ,SGD,CCPE,ReDial}.txt` (also beside each other in the folder itself): lines of
`USER or SYSTEM TAB text TAB action TAB satisfaction of each annotator, comma-separated`; blank lines part dialogues,
and a file may start with one. A last line `USER TAB OVERALL` rates the whole dialogue: a row without text. Source: Sun
et al., SIGIR 2021, arXiv:2105.03748.

Every annotator is one vote. Hard label: the value with the most votes, none when two share the lead (the publisher's
own code then takes the lower). Satisfaction is not valence, so there are no dimensions. There is no official split: it
is left to the user, by dialogue.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from countenance.training.datasets.label_files import wrong
from countenance.training.datasets.plain_lines import first_line, numbered_lines
from countenance.training.datasets.store import Corpus, Reading, Row, Split, unique

SATISFACTION = ("1", "2", "3", "4", "5")
PARTS = ("MWOZ", "SGD", "CCPE", "ReDial")
ROLES = ("USER", "SYSTEM")
OVERALL = "OVERALL"


@dataclass(frozen=True, slots=True)
class _Turn:
    line: int
    dialogue: int
    role: str
    text: str
    ratings: tuple[str, ...]


def detect(path: Path) -> bool:
    """Whether one of the files is there and starts with a turn of four fields."""
    for part in PARTS:
        file = _file(path, part)
        fields = first_line(file).split("\t") if file is not None else []
        if len(fields) == 4 and fields[0] in ROLES:
            return True
    return False


def read(path: Path) -> Reading:
    """Every rated user turn and every rated dialogue of the files that are there."""
    rows: list[Row] = []
    notes = []
    unrated = 0
    for part in PARTS:
        file = _file(path, part)
        if file is None:
            notes.append(f"{part}.txt is not in this folder")
            continue
        users = [turn for turn in _turns(file) if turn.role == "USER"]
        unrated += sum(not turn.ratings for turn in users)
        rows += [_row(file, turn) for turn in users if turn.ratings]
    if not rows:
        raise CORPUS.lacking(path / "dataset" / "MWOZ.txt")
    unique(rows)
    overall = sum(row.text is None for row in rows)
    notes += [f"{overall} rows rate a whole dialogue and carry no text", f"{unrated} user turns are not rated"]
    return Reading(tuple(rows), notes=tuple(notes))


def _file(path: Path, part: str) -> Path | None:
    places = (path / "dataset" / f"{part}.txt", path / f"{part}.txt")
    return next((place for place in places if place.is_file()), None)


def _turns(file: Path) -> Iterator[_Turn]:
    dialogue = 0
    ended = True
    for number, line in numbered_lines(file):
        if not line.strip():
            ended = True
            continue
        dialogue, ended = dialogue + ended, False
        yield _turn(file, number, dialogue, line)


def _turn(file: Path, number: int, dialogue: int, line: str) -> _Turn:
    fields = line.split("\t")
    if len(fields) != 4 or fields[0] not in ROLES:
        raise wrong(file, number, f"is not four tab-separated fields that start with {' or '.join(ROLES)}")
    role, text, _, given = fields
    ratings = tuple(part.strip() for part in given.split(",")) if given.strip() else ()
    off = [rating for rating in ratings if rating not in SATISFACTION]
    if off:
        raise wrong(file, number, f"rates '{off[0]}', not 1 to 5")
    return _Turn(number, dialogue, role, text, ratings)


def _row(file: Path, turn: _Turn) -> Row:
    votes = Counter(turn.ratings)
    lead = votes.most_common(2)
    group = f"{file.stem}/{turn.dialogue}"
    whole = turn.text == OVERALL
    return Row(
        uid=f"{group}/overall" if whole else f"{group}/line{turn.line}",
        dataset="uss",
        split=Split.UNASSIGNED,
        source=f"{file.name} line {turn.line}",
        label=None if len(lead) == 2 and lead[0][1] == lead[1][1] else lead[0][0],
        votes={value: float(votes[value]) for value in SATISFACTION if votes[value]},
        raters=len(turn.ratings),
        group_id=group,
        text=None if whole else turn.text,
    )


CORPUS = Corpus(
    name="uss",
    title="USS (user satisfaction simulation)",
    licence="USS: no licence stated in its repository; evaluation only",
    commercial="unclear",
    requested_at="https://github.com/sunnweiwei/user-satisfaction-simulation",
    labels=SATISFACTION,
    detect=detect,
    read=read,
)
