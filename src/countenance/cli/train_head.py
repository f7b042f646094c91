"""`countenance train head`: a small head for labels of one's own, on one's own calls."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import train
from countenance.cli.labelled import Grounds, read_labelled


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
    consents: Annotated[Path | None, typer.Option(help="CSV: subject_id,consent_ref, for labels without.")] = None,
    consent_kind: Annotated[str, typer.Option(help="The form in which you hold the consents.")] = "express_written",
    profile: Annotated[str, typer.Option(help="open or commercial: which bundles may load, now and later.")] = "open",
    fps: Annotated[int, typer.Option(help="Faces per second, 5 to 10.")] = 5,
) -> None:
    """Train a head for your own labels on your own calls: no torch, no graphics card; most of the time is reading them.

    People are read under the gate, a consent and a lease each, as `analyze` does; the log stands in the run folder.
    The windows that were read are kept there too, so that the next training with other labels needs no media.
    """
    from countenance.aggregation.taxonomy import read_taxonomy
    from countenance.training.head.publish import bundle_name, publish
    from countenance.training.head.summary import lines

    asked = read_taxonomy(taxonomy)
    bundle_name(asked)
    grounds = Grounds(purpose, role, tuple(jurisdiction or ()), consent, consent_kind, profile, fps, consents)
    calls = read_labelled(data, run, grounds, (asked,))
    typer.echo(f"Training on {len(calls.windows)} labelled seconds ...", err=True)
    done = publish(calls.windows, asked, calls.cards, run)
    typer.echo("\n".join(lines(done)))
