"""IEMOCAP: ten actors in pairs, five sessions of scripted and improvised talk, labelled turn by turn.

Layout: `IEMOCAP_full_release/Session{1..5}/dialog/EmoEvaluation/<dialogue>.txt`, words in `dialog/transcriptions/`,
every turn as a file in `sentences/wav/<dialogue>/`. Times are those of the dialogue, though the audio is the turn's own
file. The videos show both people side by side and are not attached. Source: Busso et al., Language Resources and
Evaluation 42, 2008.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from countenance.training.datasets.label_files import centred, visible, wrong
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

LABELS = ("ang", "hap", "sad", "neu", "fru", "exc", "fea", "sur", "dis", "oth")
"""All are kept, `fru` and `exc` too: the customary set of four is a choice of whoever trains."""
NO_AGREEMENT = "xxx"
WORDS = {
    "Anger": "ang",
    "Happiness": "hap",
    "Sadness": "sad",
    "Neutral": "neu",
    "Neutral state": "neu",
    "Frustration": "fru",
    "Excited": "exc",
    "Fear": "fea",
    "Surprise": "sur",
    "Disgust": "dis",
    "Other": "oth",
}
"""What evaluators wrote, in the codes of the turns."""
SCALE = (1, 5)
"""Valence, activation and dominance; 3 becomes 0."""

_DIALOGUES = "Session[1-5]/dialog/EmoEvaluation"
_NUMBER = r"(\d+\.?\d*)"
_TURN = re.compile(rf"\[{_NUMBER} - {_NUMBER}\]\t(\S+)\t(\w+)\t\[{_NUMBER}, {_NUMBER}, {_NUMBER}\]")
_VOTE = re.compile(r"C-([EFM])\d+:\t([^\t]*?)\t?(\(.*)?")
_SPEAKER = re.compile(r"(Ses\d\d)[FM]_.*_([FM])(\d{3}|XX\d+)")
_SAID = re.compile(r"(\S+) \[[^\]]*\]: ?(.*)")


@dataclass(slots=True)
class Turn:
    """One turn of a dialogue as its evaluation file states it."""

    line: int
    name: str
    label: str
    start_us: int
    end_us: int
    ratings: tuple[float, float, float]
    """valence, activation, dominance on the corpus's scale of 1 to 5"""
    votes: Counter[str] = field(default_factory=Counter)
    """by evaluators; one who names two emotions votes for both"""
    raters: int = 0
    own: Counter[str] = field(default_factory=Counter)
    """what the actors said of themselves"""


def read(path: Path) -> Reading:
    """Every turn with the label that most evaluators gave it, as published; `xxx`, no agreement, becomes None.

    The split is left open: leave one session out, for the two people of a session occur in no other.
    """
    root = _root(path)
    files = visible(file for folder in root.glob(_DIALOGUES) for file in folder.glob("*.txt"))
    if not files:
        raise CORPUS.lacking(root / "Session1" / "dialog" / "EmoEvaluation")
    rows: list[Row] = []
    missing: list[str] = []
    counts: Counter[str] = Counter()
    for file in files:
        said = _said(file)
        for turn in turns(file):
            speaker = _SPEAKER.fullmatch(turn.name)
            if speaker is None:
                raise wrong(file, turn.line, f"names the turn '{turn.name}', which tells no speaker")
            if speaker[3].startswith("XX"):
                counts["turns left out in which both people speak at once"] += 1
                continue
            low, high = SCALE
            counts["turns with a rating beyond 1 to 5, set to its end"] += any(
                not low <= rating <= high for rating in turn.ratings
            )
            counts["turns without agreement (xxx), kept without a label"] += turn.label == NO_AGREEMENT
            audio = file.parents[2] / "sentences" / "wav" / file.stem / f"{turn.name}.wav"
            if not audio.is_file():
                missing.append(audio.relative_to(root).as_posix())
            rows.append(_row(file, turn, audio if audio.is_file() else None, said.get(turn.name)))
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), tuple(missing), tuple(f"{n} {what}" for what, n in counts.items() if n))


def turns(file: Path) -> Iterator[Turn]:
    """The turns of one evaluation file with the votes that follow each."""
    turn = None
    # Only evaluators' remarks ever hold other characters than ASCII, and they are not read.
    for at, text in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        line = text.rstrip()
        if line.startswith("["):
            if turn is not None:
                yield turn
            turn = _turn(file, at, line)
        elif line.startswith("C-") and turn is not None:
            _count(file, at, line, turn)
        elif line and not line.startswith(("%", "A-")):
            raise wrong(file, at, "is neither a turn nor an evaluation of one")
    if turn is not None:
        yield turn


def _turn(file: Path, at: int, line: str) -> Turn:
    match = _TURN.fullmatch(line)
    if match is None:
        raise wrong(file, at, "is not [start - end], name, emotion, [V, A, D] with tabs between")
    if match[4] not in (*LABELS, NO_AGREEMENT):
        raise wrong(file, at, f"has the emotion '{match[4]}', which IEMOCAP does not define")
    start, end = (round(float(match[group]) * 1_000_000) for group in (1, 2))
    ratings = float(match[5]), float(match[6]), float(match[7])
    return Turn(at, match[3], match[4], start, end, ratings)


def _count(file: Path, at: int, line: str, turn: Turn) -> None:
    match = _VOTE.fullmatch(line)
    if match is None:
        raise wrong(file, at, "is not an evaluator, emotions and a remark with tabs between")
    words = [word.strip() for word in match[2].split(";") if word.strip()]
    unknown = [word for word in words if word not in WORDS]
    if unknown:
        raise wrong(file, at, f"names the emotion '{unknown[0]}', which IEMOCAP does not define")
    if match[1] == "E":
        turn.votes.update(WORDS[word] for word in words)
        turn.raters += bool(words)
    else:
        turn.own.update(WORDS[word] for word in words)


def _row(file: Path, turn: Turn, audio: Path | None, said: str | None) -> Row:
    session, speaker = turn.name[:5], turn.name.rsplit("_", 1)[1][0]
    valence, activation, dominance = (centred(rating, *SCALE) for rating in turn.ratings)
    return Row(
        uid=turn.name,
        dataset="iemocap",
        split=Split.UNASSIGNED,
        source=f"{file.name} line {turn.line}",
        label=None if turn.label == NO_AGREEMENT else turn.label,
        votes=dict(turn.votes),
        raters=turn.raters,
        dimensions={"valence": valence, "arousal": activation, "dominance": dominance},
        # The letter after `Ses01` tells who wore the markers, not who speaks.
        subject_id=f"{session}{speaker}",
        group_id=session,
        audio_path=audio,
        text=said,
        start_us=turn.start_us,
        end_us=turn.end_us,
        demographics={"gender": "female" if speaker == "F" else "male"},
        side_votes={"self": dict(turn.own)} if turn.own else {},
    )


def _said(file: Path) -> dict[str, str]:
    """The words of every turn of a dialogue; empty without a transcription."""
    path = file.parents[1] / "transcriptions" / file.name
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return {match[1]: match[2].strip() for match in map(_SAID.fullmatch, lines) if match}


def _root(path: Path) -> Path:
    inner = path / "IEMOCAP_full_release"
    return inner if inner.is_dir() else path


def detect(path: Path) -> bool:
    """Session folders that hold evaluations."""
    return any(folder.is_dir() for folder in _root(path).glob(_DIALOGUES))


CORPUS = Corpus(
    name="iemocap",
    title="IEMOCAP",
    licence="IEMOCAP (Busso et al., 2008): for research, on request, under the licence form of its publisher.",
    commercial="unclear",
    requested_at="https://sail.usc.edu/iemocap/iemocap_release.htm",
    labels=LABELS,
    detect=detect,
    read=read,
)
