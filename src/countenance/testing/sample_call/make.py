"""Makes the sample call on disk: two recordings, a transcript, a deployment file. The same script, the same call."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from countenance.testing.sample_call.recording import record
from countenance.testing.sample_call.script import SUPPORT, Script, ScriptedPerson, read_script

PACKAGE = "countenance.testing.sample_call"
DIGEST = "made-from.sha256"
TRANSCRIPT = "call.vtt"
DEPLOYMENT = "deployment.toml"


@dataclass(frozen=True, slots=True)
class SampleCall:
    """Where the sample call lies, and the script as the truth about it."""

    folder: Path
    script: Script
    media: Mapping[str, Path]
    """One recording per person, by name."""
    transcript: Path
    deployment: Path
    fresh: bool
    """False when an earlier call made from the same script and code was found in the folder."""


def make_sample_call(folder: Path, name: str = SUPPORT) -> SampleCall:
    """Draw, speak and write a sample call, or find it already made in the folder; `name`: of its script."""
    script = read_script(name)
    folder.mkdir(parents=True, exist_ok=True)
    media = {person.name: folder / f"{person.look}.webm" for person in script.people}
    transcript, deployment, made_from = folder / TRANSCRIPT, folder / DEPLOYMENT, folder / DIGEST
    digest = source_digest(name)
    wanted = (*media.values(), transcript, deployment, made_from)
    fresh = not (all(path.is_file() for path in wanted) and made_from.read_text(encoding="utf-8").strip() == digest)
    if fresh:
        made_from.unlink(missing_ok=True)
        _record_all(script, media)
        transcript.write_text(transcript_text(script), encoding="utf-8")
        deployment.write_text(deployment_text(script), encoding="utf-8")
        made_from.write_text(digest + "\n", encoding="utf-8")
    return SampleCall(folder, script, media, transcript, deployment, fresh)


def source_digest(name: str = SUPPORT) -> str:
    """A digest of one script and of all code that draws, speaks and writes it."""
    digest = hashlib.sha256()
    for source in sorted(files(PACKAGE).iterdir(), key=lambda entry: entry.name):
        if source.name.endswith(".py") or source.name == f"{name}.toml":
            digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()


def transcript_text(script: Script) -> str:
    """The words as WebVTT, one cue per line, in order of start."""
    cues = [
        f"{_clock(line.start)} --> {_clock(line.end)}\n<v {line.who}>{line.text}\n"
        for line in sorted(script.lines, key=lambda one: one.start)
    ]
    return "WEBVTT\n\n" + "\n".join(cues)


def deployment_text(script: Script) -> str:
    """The deployment file for `countenance analyze --deployment`; paths are relative to its folder."""
    head = [
        "# The sample call, made by the project itself; see countenance.testing.sample_call.",
        f"deployment_id = {_quoted(script.deployment_id)}",
        f"call_id = {_quoted(script.id)}",
        f"purpose = {_quoted(script.purpose)}",
        f"jurisdictions = {_list(script.jurisdictions)}",
        f"on = {script.on.isoformat()}",
        f"started = {_quoted(script.started)}",
        f"transcript = {_quoted(TRANSCRIPT)}",
    ]
    return "\n".join(head) + "\n" + "".join(_participant(person) for person in script.people)


def _record_all(script: Script, media: Mapping[str, Path]) -> None:
    """Both sides at once; a recording takes its name only when it is whole."""
    unfinished = {name: path.with_suffix(".part") for name, path in media.items()}
    with ThreadPoolExecutor(len(media)) as workers:
        jobs = [workers.submit(record, script, name, path) for name, path in unfinished.items()]
        for job in jobs:
            job.result()
    for name, path in unfinished.items():
        path.replace(media[name])


def _participant(person: ScriptedPerson) -> str:
    lines = [
        "",
        "[[participant]]",
        f"name = {_quoted(person.name)}",
        f"role = {_quoted(person.role)}",
        f"media = {_quoted(person.look + '.webm')}",
        f"consent = {_list(person.consent)}",
    ]
    for one in person.withdraw:
        lines += ["", "[[participant.withdraw]]", f"modality = {_quoted(one.modality)}", f"at = {one.at / 1000}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _list(words: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, words))}]"


def _clock(at_ms: int) -> str:
    seconds, ms = divmod(at_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"
