"""What was said, by whom: transcripts of a call matched to its participants."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from countenance.capture.captions import READERS, Cue, sniff
from countenance.contracts.call import Participant
from countenance.contracts.errors import TranscriptError
from countenance.contracts.media import Utterance
from countenance.contracts.telemetry import FROM_TRANSCRIPT, Stretch

LARGEST_BYTES = 64 * 1024 * 1024
LONGEST_NAME = 80
LEFT_OUT = ""
"""Mapped to this, a speaker's lines are left out: a bot, or somebody who is not a participant."""


def read_transcript(
    path: Path, participants: Sequence[Participant], speakers: Mapping[str, str] | None = None
) -> tuple[Utterance, ...]:
    """Utterances of a WebVTT, SRT or JSON lines file in order of their start.

    `speakers` says who a name in the file is: speaker -> participant (name or id), or `""` to leave the speaker out.
    """
    text = _text(path)
    extension = path.suffix.lstrip(".")
    form = sniff(text, extension)
    if form is None:
        raise TranscriptError(
            f"{path}: neither WebVTT nor SRT nor JSON lines",
            "Give a .vtt, .srt or .jsonl file.",
        )
    try:
        cues = [cue for cue in READERS[form](text) if cue.text.strip()]
        found = _attribute(cues, _Roster(participants, speakers or {}))
    except TranscriptError as error:
        raise TranscriptError(f"{path}: {error.problem}", error.remedy) from error
    if not cues:
        raise TranscriptError(f"{path}: nobody says anything in it", "Give the transcript of this call, or none.")
    return tuple(sorted(found, key=lambda said: (said.start_us, said.end_us, said.participant_id)))


def turns(utterances: Iterable[Utterance]) -> tuple[Stretch, ...]:
    """Who spoke when, without the words: enough for the turn-taking of people whose words are not read."""
    return tuple(
        sorted(Stretch(said.start_us, said.end_us, said.participant_id, FROM_TRANSCRIPT) for said in utterances)
    )


def _text(path: Path) -> str:
    """The file as text with plain newlines."""
    try:
        raw = path.read_bytes() if path.stat().st_size <= LARGEST_BYTES else None
    except FileNotFoundError as error:
        raise TranscriptError(f"{path}: no such file", "Check the path of the transcript.") from error
    except OSError as error:
        raise TranscriptError(f"{path}: cannot be read ({error.strerror})", "Check the path and its rights.") from error
    if raw is None:
        raise TranscriptError(
            f"{path}: larger than {LARGEST_BYTES // 2**20} MiB", "Is this the transcript of one call?"
        )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TranscriptError(f"{path}: written in UTF-16", "Save it as UTF-8.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TranscriptError(f"{path}: line {line}: not UTF-8", "Save it as UTF-8.") from error
    if not text.strip():
        raise TranscriptError(f"{path}: empty", "Give the transcript of this call, or none.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


class _Roster:
    """Names in a transcript, and whom they mean."""

    def __init__(self, participants: Sequence[Participant], speakers: Mapping[str, str]) -> None:
        self.names = [person.name for person in participants]
        self.only = participants[0].id if len(participants) == 1 else None
        self._known: dict[str, str | None] = {}
        for person in participants:
            self._known[_key(person.id)] = self._known[_key(person.name)] = person.id
        mapped: dict[str, str | None] = {}
        for speaker, name in speakers.items():
            if name != LEFT_OUT and _key(name) not in self._known:
                raise TranscriptError(
                    f"speaker {speaker!r} is mapped to {name!r}, who is not on the call", f"On it: {self.people}."
                )
            mapped[_key(speaker)] = None if name == LEFT_OUT else self._known[_key(name)]
        self._known |= mapped

    @property
    def people(self) -> str:
        """The participants, for messages."""
        return ", ".join(self.names)

    def knows(self, speaker: str) -> bool:
        return _key(speaker) in self._known

    def whose(self, speaker: str) -> str | None:
        """The participant, or None for a speaker who is left out."""
        return self._known[_key(speaker)]


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()


def _attribute(cues: list[Cue], roster: _Roster) -> list[Utterance]:
    """Utterances of the participants; a speaker nobody knows is an error."""
    named = [part for cue in cues for part in _by_speaker(cue, roster)]
    unknown = next((part for part in named if part[1] and not roster.knows(part[1])), None)
    if unknown is not None:
        listed = {" ".join(name.split()) for _, name, _ in named if name}
        raise _stranger(unknown[0].line, " ".join(str(unknown[1]).split()), listed, roster)
    found = []
    for cue, speaker, words in named:
        if speaker is None and roster.only is None:
            raise TranscriptError(
                f"line {cue.line}: names no speaker",
                "Begin the words with 'Name: ', or mark them with <v Name> in WebVTT.",
            )
        owner = roster.only if speaker is None else roster.whose(speaker)
        if owner is not None:
            text = " ".join(words.split())
            found.append(
                Utterance(f"{owner}/text", owner, cue.start_us, cue.end_us, text, cue.confidence, cue.language)
            )
    return found


def _by_speaker(cue: Cue, roster: _Roster) -> list[tuple[Cue, str | None, str]]:
    """A cue cut where its lines change the speaker: any `Name: ` opens it, known names also later lines."""
    if cue.speaker is not None:
        return [(cue, cue.speaker, cue.text)]
    parts: list[tuple[Cue, str | None, str]] = []
    for line in cue.text.split("\n"):
        name, words = _prefix(line)
        if name and (not parts or roster.knows(name)):
            parts.append((cue, name, words))
        elif parts:
            parts[-1] = (cue, parts[-1][1], f"{parts[-1][2]} {line}")
        else:
            parts.append((cue, None, line))
    return parts


def _prefix(line: str) -> tuple[str | None, str]:
    """`Ana: hello` in its two parts; a clock such as `10:30` is no name."""
    name, _, words = line.partition(":")
    name = name.strip().removeprefix("-").strip()
    if words[:1].isspace() and words.strip() and len(name) <= LONGEST_NAME and any(c.isalpha() for c in name):
        return name, words.strip()
    return None, line


def _stranger(line: int, speaker: str, speakers: set[str], roster: _Roster) -> TranscriptError:
    """The error for a speaker who is nobody on the call, with the nearest name."""
    by_key = {_key(name): name for name in roster.names}
    near = difflib.get_close_matches(_key(speaker), by_key, n=1, cutoff=0.5)
    guess = by_key[near[0]] if near else "<participant>"
    listed = ", ".join(sorted(speakers))
    return TranscriptError(
        f"line {line}: speaker {speaker!r} is nobody on the call (speakers: {listed}; participants: {roster.people})",
        f'Nearest: add speakers = {{ "{speaker}" = "{guess}" }} to the deployment file.'
        if near
        else f'Add speakers = {{ "{speaker}" = "{guess}" }} to the deployment file, or "" to leave them out.',
    )
