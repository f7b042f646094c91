"""CMU-MOSEI: segments of monologues from a video site with sentiment and six emotion intensities.

Layout: `CMU_MOSEI_Labels.csd` (HDF5, `/All Labels/data/<video id>/{features,intervals}`), optionally
`CMU_MOSEI_TimestampedWords.csd`, `Raw/Transcript/Segmented/Combined/<id>.txt`, `Raw/Audio/Full/WAV_16000/<id>.wav`,
`Raw/Videos/Full/Combined/<id>.mp4` and the standard folds (`*folds*.py` with lists as the toolkit ships them, parsed
and never run, or `*folds*.json`). Source: Zadeh et al., ACL 2018.

Votes hold the published intensity above 0 of each emotion (0 to 3, a mean over raters, not a count). Hard label: the
strongest emotion, none when two are equally strong or none is present. Valence is the sentiment, -3 to 3, by 3. The
group is the video; who speaks is not stated, so one person may stand in several. Without folds, and for videos that no
fold names, rows are unassigned. Only full recordings are used: times are those of the recording.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from countenance.contracts.errors import DatasetError
from countenance.training.datasets.label_files import centred
from countenance.training.datasets.mosei_folds import find_folds, read_folds
from countenance.training.datasets.mosei_repack import read_pickle, refusal, repack_in
from countenance.training.datasets.mosei_sequences import Sequence, open_sequence
from countenance.training.datasets.mosei_transcripts import Words, from_timed_words, from_transcripts
from countenance.training.datasets.store import Corpus, Reading, Row, Split, check_splits, unique

__all__ = ["COLUMNS", "CORPUS", "EMOTIONS", "detect", "read", "read_pickle"]

COLUMNS = ("sentiment", "happy", "sad", "anger", "surprise", "disgust", "fear")
EMOTIONS = COLUMNS[1:]
LABELS = "CMU_MOSEI_Labels.csd"
WORDS = "CMU_MOSEI_TimestampedWords.csd"
_SLACK = 1e-3
_AGAIN = "Fetch the file again."


@dataclass(slots=True)
class _Media:
    """Full recordings of the folder; `missing` fills while they are looked up."""

    sounds: Path | None
    videos: Path | None
    missing: list[str] = field(default_factory=list)

    def find(self, folder: Path | None, name: str) -> Path | None:
        if folder is None:
            return None
        path = folder / name
        if path.is_file():
            return path
        self.missing.append(f"{folder.name}/{name}")
        return None


def detect(path: Path) -> bool:
    """Whether the label sequence or the refused repack is there."""
    return _labels(path).is_file() or repack_in(path) is not None


def read(path: Path) -> Reading:
    """Every labelled segment; a pickle is refused."""
    labels = _labels(path)
    if not labels.is_file():
        repack = path if path.suffix == ".pkl" else repack_in(path)
        raise CORPUS.lacking(labels) if repack is None else refusal(repack)
    root = labels.parent
    folds = find_folds(root)
    splits = {} if folds is None else read_folds(folds)
    media = _Media(_raw(root, "Audio/Full/WAV_16000"), _raw(root, "Videos/Full/Combined"))
    with ExitStack() as stack:
        rated = stack.enter_context(open_sequence(labels))
        words = _words(root, stack)
        rows = [row for video in rated.videos for row in _rows(rated, video, splits.get(video), words, media)]
    unique(rows)
    check_splits(rows)
    return Reading(tuple(rows), tuple(media.missing), tuple(_notes(rows, folds, words is None, media)))


def _notes(rows: list[Row], folds: Path | None, wordless: bool, media: _Media) -> Iterator[str]:
    loose = len({row.group_id for row in rows if row.split is Split.UNASSIGNED})
    if folds is None:
        yield "no standard folds in this folder: every video is unassigned"
    elif loose:
        yield f"{loose} videos stand in no fold of {folds.name}: unassigned"
    silent = sum(row.text is None for row in rows)
    if wordless:
        yield f"neither transcripts nor {WORDS} in this folder: no text"
    elif silent:
        yield f"{silent} segments have no words at their time: no text"
    untimed = sum(row.start_us is None for row in rows)
    if untimed:
        yield f"{untimed} segments end before they start: no times"
    if media.sounds is None and media.videos is None:
        yield "no full recordings in this folder"


def _labels(path: Path) -> Path:
    if path.name == LABELS:
        return path
    return path / LABELS


def _raw(root: Path, place: str) -> Path | None:
    return next((found for found in (root / "Raw" / place, root / place) if found.is_dir()), None)


def _words(root: Path, stack: ExitStack) -> Words | None:
    folder = _raw(root, "Transcript/Segmented/Combined")
    if folder is not None:
        return from_transcripts(folder)
    path = root / WORDS
    if not path.is_file():
        return None
    spoken = stack.enter_context(open_sequence(path))
    return from_timed_words(lambda video: spoken.arrays(video) if video in spoken.videos else None)


def _rows(rated: Sequence, video: str, split: Split | None, words: Words | None, media: _Media) -> Iterator[Row]:
    where = f"{rated.path}, video {video}"
    features, intervals = rated.arrays(video)
    if features.ndim != 2 or features.shape[1] != len(COLUMNS):
        raise DatasetError(f"{where}: features of shape {features.shape}, not n x {len(COLUMNS)}", _AGAIN)
    sound, film = media.find(media.sounds, f"{video}.wav"), media.find(media.videos, f"{video}.mp4")
    for place in np.argsort(intervals[:, 0], kind="stable"):
        start, end = (float(second) for second in intervals[place])
        timed = 0 <= start < end
        votes = _votes(features[place], f"{where}, segment {place}")
        lead = sorted(votes.values(), reverse=True)[:2]
        clear = bool(lead) and (len(lead) == 1 or lead[0] > lead[1])
        yield Row(
            uid=f"{video}/{place}",
            dataset="mosei",
            split=split or Split.UNASSIGNED,
            source=f"{rated.path.name} {video} {place}",
            label=max(votes, key=lambda name: votes[name]) if clear else None,
            votes=votes,
            dimensions={"valence": centred(float(features[place][0]), -3, 3)},
            group_id=video,
            face_path=film,
            audio_path=sound,
            text=words(video, start, end) if words is not None and timed else None,
            start_us=round(start * 1e6) if timed else None,
            end_us=round(end * 1e6) if timed else None,
        )


def _votes(values: np.ndarray, where: str) -> dict[str, float]:
    """Intensities above 0; raises DatasetError for values off the scale."""
    if not -3 - _SLACK <= values[0] <= 3 + _SLACK:
        raise DatasetError(f"{where}: the sentiment is {values[0]}, not -3 to 3", _AGAIN)
    if not all(-_SLACK <= value <= 3 + _SLACK for value in values[1:]):
        raise DatasetError(f"{where}: an emotion is off the scale of 0 to 3", _AGAIN)
    return {name: float(value) for name, value in zip(EMOTIONS, values[1:], strict=True) if value > 0}


CORPUS = Corpus(
    name="mosei",
    title="CMU-MOSEI",
    licence="CMU-MOSEI: terms of its publisher, to be checked with the copy; the recordings are their makers'",
    commercial="unclear",
    requested_at="the publisher, Carnegie Mellon University (see its paper: Zadeh et al., ACL 2018)",
    labels=EMOTIONS,
    detect=detect,
    read=read,
)
