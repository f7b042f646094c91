"""`countenance sink enable`: bring back a receiver that said it was gone."""

from typing import Annotated

import typer

from countenance.cli.app import sink
from countenance.cli.service import HERE, Key, Service, Url


@sink.command("enable", epilog="Example: countenance sink enable 3f0c...")
def sink_enable(
    sink_id: Annotated[str, typer.Argument(help="The id of the receiver.", metavar="ID")], key: Key, url: Url = HERE
) -> None:
    """Let a receiver go on where it was: what waited and what came meanwhile is sent."""
    queued = Service(url, key).ask("POST", f"/v1/webhooks/{sink_id}/enable")["queued"]
    typer.echo(f"enabled; {queued} queued")
