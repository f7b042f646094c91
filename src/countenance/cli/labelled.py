"""Own labelled calls for the commands that learn from them or measure on them: read as `analyze` reads a call."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from countenance.cli.running import progress_of
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.aggregation.taxonomy import Taxonomy
    from countenance.analysis.labelled.calls import LabelledCalls
    from countenance.training.datasets.store import Reading


@dataclass(frozen=True, slots=True)
class Grounds:
    """On which grounds labelled people are read, as the options say it."""

    purpose: str
    role: str
    jurisdictions: tuple[str, ...]
    consent: str
    consent_kind: str
    profile: str
    fps: int
    consents: Path | None = None
    """A csv of `subject_id,consent_ref`, for labels that cannot name a consent."""


def read_labelled(data: Path, run: Path, grounds: Grounds, taxonomies: "tuple[Taxonomy, ...]") -> "LabelledCalls":
    """Windows of the labelled stretches, under the gate, a consent and a lease each; kept in the run folder."""
    from countenance.analysis.labelled.calls import read_labelled_calls
    from countenance.analysis.labelled.grounds import Terms
    from countenance.deployment import build_deployment, consent_table
    from countenance.training.windows.consents import with_consents

    modalities = consent_table(f"labelled={grounds.consent}")[1]
    person = {"name": "labelled", "role": grounds.role, "consent": modalities, "consent_kind": grounds.consent_kind}
    flags = {
        "purpose": grounds.purpose,
        "jurisdictions": list(grounds.jurisdictions),
        "profile": grounds.profile,
        "fps": grounds.fps,
    }
    deployment = build_deployment({**flags, "participant": [person]}, "command line")
    reading = _read(data)
    rows = reading.rows if grounds.consents is None else with_consents(reading.rows, grounds.consents)
    terms = Terms(deployment, taxonomies, datetime.now(UTC).date())
    try:
        with progress_of(quiet=False) as progress:
            calls = read_labelled_calls(rows, terms, run, progress)
    except KeyboardInterrupt:
        typer.echo("countenance: interrupted; run the same command again to go on", err=True)
        raise typer.Exit(130) from None
    for note in (*reading.notes, *calls.notes):
        typer.echo(f"left out: {note}", err=True)
    return calls


def _read(path: Path) -> "Reading":
    """A canonical store, or whatever form of own calls lies there."""
    from countenance.training.datasets.canonical import read_store
    from countenance.training.datasets.store import Reading, recognise

    if not path.exists():
        raise UsageError(f"{path} does not exist", "Give the folder of your labelled calls.")
    if path.suffix == ".jsonl" and path.name != "metadata.jsonl":
        return Reading(read_store(path))
    return recognise(path).read(path)
