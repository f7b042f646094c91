"""`countenance train head`: a small head for labels of one's own, on one's own calls."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import train
from countenance.cli.running import progress_of
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.training.datasets.store import Reading


@train.command("head")
def train_head(
    taxonomy: Annotated[Path, typer.Option(help="A TOML file with your labels and events.")],
    data: Annotated[Path, typer.Option(help="Your labelled calls: a folder, an export, or a canonical store.")],
    run: Annotated[Path, typer.Option(help="Folder of the run; the bundle is written into it.")],
    purpose: Annotated[str, typer.Option(help="What the labelled people agreed to be read for, such as support_qa.")],
    role: Annotated[str, typer.Option(help="What they are to you, such as customer.")],
    jurisdiction: Annotated[
        list[str] | None, typer.Option(help="Where people, deployer and use are; unknown means the strictest.")
    ] = None,
    consent: Annotated[str, typer.Option(help="What the filed consents cover.")] = "face,voice,text",
    consent_kind: Annotated[str, typer.Option(help="The form in which you hold the consents.")] = "express_written",
    profile: Annotated[str, typer.Option(help="open or commercial: which bundles may load, now and later.")] = "open",
    fps: Annotated[int, typer.Option(help="Faces per second, 5 to 10.")] = 5,
) -> None:
    """Train a head for your own labels on your own calls: no torch, no graphics card; most of the time is reading them.

    People are read under the gate, a consent and a lease each, as `analyze` does; the log stands in the run folder.
    The windows that were read are kept there too, so that the next training with other labels needs no media.
    """
    from countenance.aggregation.taxonomy import read_taxonomy
    from countenance.analysis.labelled.calls import read_labelled_calls
    from countenance.analysis.labelled.grounds import Terms
    from countenance.deployment import build_deployment
    from countenance.training.head.publish import bundle_name, publish
    from countenance.training.head.summary import lines

    asked = read_taxonomy(taxonomy)
    bundle_name(asked)
    person = {"name": "labelled", "role": role, "consent": _modalities(consent), "consent_kind": consent_kind}
    flags = {"purpose": purpose, "jurisdictions": jurisdiction or [], "profile": profile, "fps": fps}
    deployment = build_deployment({**flags, "participant": [person]}, "command line")
    reading = _read(data)
    with progress_of(quiet=False) as progress:
        terms = Terms(deployment, (asked,), datetime.now(UTC).date())
        calls = read_labelled_calls(reading.rows, terms, run, progress)
    for note in (*reading.notes, *calls.notes):
        typer.echo(f"left out: {note}", err=True)
    typer.echo(f"Training on {len(calls.windows)} labelled seconds ...", err=True)
    done = publish(calls.windows, asked, calls.cards, run)
    typer.echo("\n".join(lines(done)))


def _modalities(spec: str) -> list[str]:
    from countenance.deployment import consent_table

    return consent_table(f"labelled={spec}")[1]


def _read(path: Path) -> "Reading":
    """A canonical store, or whatever form of own calls lies there."""
    from countenance.training.datasets.canonical import read_store
    from countenance.training.datasets.store import Reading, recognise

    if not path.exists():
        raise UsageError(f"{path} does not exist", "Give the folder of your labelled calls.")
    if path.suffix == ".jsonl" and path.name != "metadata.jsonl":
        return Reading(read_store(path))
    return recognise(path).read(path)
