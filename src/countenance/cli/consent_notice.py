"""`countenance consent notice`: what a person is shown before they answer."""

import json
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import consent
from countenance.cli.people import asked_of

EPILOG = "Example: countenance consent notice --deployment call.toml --person Ana --language de"


@consent.command("notice", epilog=EPILOG)
def consent_notice(
    deployment: Annotated[Path, typer.Option(help="A deployment TOML with [terms].")],
    person: Annotated[str, typer.Option(help="A participant of the deployment, by name.")],
    language: Annotated[str, typer.Option(help="en, de, es or fr.")] = "en",
    modality: Annotated[list[str] | None, typer.Option(help="Once per modality; all that may be asked for.")] = None,
    spoken: Annotated[bool, typer.Option(help="Only the short form for the moment of first exposure.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print blocks, hashes and what a yes relies on.")] = False,
) -> None:
    """Print the notice for one person, exactly as its hash has it; 3 when the law refuses what is asked for."""
    from countenance.consent.notice import write_notice
    from countenance.consent.wording import load
    from countenance.deployment import read_deployment

    _, terms, rulings = asked_of(read_deployment(deployment), person, modality)
    notice = write_notice(load(language), rulings, terms)
    if as_json:
        blocks = [{"name": one.name, "title": one.title, "lines": list(one.lines)} for one in notice.blocks]
        hashes = {"sha256": notice.sha256, "spoken": notice.spoken, "spoken_sha256": notice.spoken_sha256}
        own = {"id": notice.id, "language": notice.language, "blocks": blocks, "substance": dict(notice.substance)}
        typer.echo(json.dumps(own | hashes, ensure_ascii=False))
    else:
        typer.echo(f"{notice.spoken}\n" if spoken else notice.text, nl=False)
