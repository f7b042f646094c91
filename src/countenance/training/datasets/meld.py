"""MELD: utterances of a television series in their dialogues, with one of seven emotions each. For evaluation only.

Layout: `{train,dev,test}_sent_emo.csv`, columns by name, in the folder itself or in `data/MELD`, `MELD` or `MELD.Raw`;
clips `dia{D}_utt{U}.mp4` in `train_splits`, `dev_splits_complete` and `output_repeated_splits_test` beside the table or
in a folder named after the split. A copy without a table of one split or without clips is read as far as it goes: the
official dev is dev, and never stands in for the test. Source: Poria et al., ACL 2019, arXiv:1810.02508.

The hard label is the published emotion, one vote; how many people agreed on it the files do not say. Times are of the
episode, while a clip is cut to its utterance. The group is the dialogue with its split, for the numbers start again in
every split. The main characters speak in all splits, so rows carry no subject. The usual metric is the weighted F1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from countenance.training.datasets.label_tables import Line, read_table
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

EMOTIONS = ("neutral", "joy", "sadness", "anger", "surprise", "fear", "disgust")
CLIPS = {
    Split.TRAIN: "train_splits",
    Split.DEV: "dev_splits_complete",
    Split.TEST: "output_repeated_splits_test",
}
UNDECODABLE = {"train/dia125_utt3"}
"""Clips of the published archive that do not decode."""
_COLUMNS = ("Utterance", "Speaker", "Emotion", "Dialogue_ID", "Utterance_ID", "StartTime", "EndTime")
_TIME = re.compile(r"(\d+):(\d\d):(\d\d)[,.](\d{3})")


def _misread() -> dict[str, str]:
    """How typographic marks look after being decoded with the wrong table, once or as single bytes."""
    found = {}
    for mark in "‘’“”–—…":
        utf8 = mark.encode("utf-8")
        found[utf8.decode("latin-1")] = mark
        found["".join(_western(byte) for byte in utf8)] = mark
        found[mark.encode("cp1252").decode("latin-1")] = mark
    return found


def _western(byte: int) -> str:
    return bytes([byte]).decode("latin-1" if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else "cp1252")


_MARKS = _misread()
_MISREAD = re.compile("|".join(sorted(_MARKS, key=len, reverse=True)))


@dataclass(slots=True)
class _Tally:
    rows: list[Row] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repaired: int = 0
    untimed: int = 0
    undecodable: int = 0


def detect(path: Path) -> bool:
    """Whether a table of MELD lies where it may lie."""
    return any(_table(path, split) is not None for split in CLIPS)


def read(path: Path) -> Reading:
    """Every utterance of the tables that are there; clips where there are any."""
    tally = _Tally()
    for split in CLIPS:
        table = _table(path, split)
        if table is None:
            tally.notes.append(f"{split}_sent_emo.csv is not in this folder")
        else:
            _read_table(table, split, tally)
    if not tally.rows:
        raise CORPUS.lacking(path / "train_sent_emo.csv")
    unique(tally.rows)
    check_splits(tally.rows)
    counted = (
        (tally.repaired, "texts held wrongly decoded marks, put right"),
        (tally.untimed, "utterances have an unreadable time or end before they start: left without times"),
        (tally.undecodable, "clips are known not to decode: text only"),
    )
    notes = [*tally.notes, *(f"{count} {what}" for count, what in counted if count)]
    return Reading(tuple(tally.rows), tuple(tally.missing), tuple(notes))


def _table(path: Path, split: Split) -> Path | None:
    places = (path, path / "data" / "MELD", path / "MELD", path / "MELD.Raw")
    names = [place / part / f"{split}_sent_emo.csv" for place in places for part in (".", split.value)]
    return next((name for name in names if name.is_file()), None)


def _read_table(table: Path, split: Split, tally: _Tally) -> None:
    clips = _clips(table.parent, split)
    if clips is None:
        tally.notes.append(f"no clips of {split} in this folder: text only")
    for line in read_table(table, _COLUMNS):
        row = _row(line, split, tally)
        clip = None if clips is None else _clip(clips, row.uid, split, tally)
        tally.rows.append(row if clip is None else replace(row, face_path=clip, audio_path=clip))


def _clips(place: Path, split: Split) -> dict[str, Path] | None:
    """Clips by name; None when there is no folder of them."""
    folders = [p / CLIPS[split] for p in (place, place / split.value) if (p / CLIPS[split]).is_dir()]
    if not folders:
        return None
    # Looked up by the whole name, so `._dia0_utt0.mp4` and the double `final_videos_testdia0_utt0.mp4` stay out.
    return {clip.name: clip for folder in folders for clip in folder.iterdir()}


def _clip(clips: Mapping[str, Path], uid: str, split: Split, tally: _Tally) -> Path | None:
    name = f"{uid.partition('/')[2]}.mp4"
    if uid in UNDECODABLE:
        tally.undecodable += 1
        return None
    if name not in clips:
        tally.missing.append(f"{CLIPS[split]}/{name}")
    return clips.get(name)


def _row(line: Line, split: Split, tally: _Tally) -> Row:
    fields = line.values
    if fields["Emotion"] not in EMOTIONS:
        raise line.wrong(f"'{fields['Emotion']}' is no emotion of MELD", f"Expected {', '.join(EMOTIONS)}.")
    numbers = (fields["Dialogue_ID"], fields["Utterance_ID"])
    if not all(number.isdecimal() for number in numbers):
        raise line.wrong("no whole Dialogue_ID and Utterance_ID", "Fetch the file again.")
    dialogue, utterance = (int(number) for number in numbers)
    text = _MISREAD.sub(lambda found: _MARKS[found.group()], fields["Utterance"])
    tally.repaired += text != fields["Utterance"]
    start, end = _microseconds(fields["StartTime"]), _microseconds(fields["EndTime"])
    if start is None or end is None or end < start:
        tally.untimed += 1
        start = end = None
    return Row(
        uid=f"{split}/dia{dialogue}_utt{utterance}",
        dataset="meld",
        split=split,
        source=line.source,
        label=fields["Emotion"],
        votes={fields["Emotion"]: 1.0},
        group_id=f"{split}/dia{dialogue}",
        text=text,
        start_us=start,
        end_us=end,
    )


def _microseconds(text: str) -> int | None:
    """`00:16:16,059` in microseconds; None when it is written otherwise."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, seconds, thousandths = (int(part) for part in found.groups())
    return (((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths) * 1000


CORPUS = Corpus(
    name="meld",
    title="MELD",
    licence="MELD: GPL-3.0 file of its repository; the text and clips are the studio's; evaluation only",
    commercial="no",
    requested_at="https://github.com/declare-lab/MELD",
    labels=EMOTIONS,
    detect=detect,
    read=read,
)
