"""`countenance sink remove`: send nothing more to a receiver."""

from typing import Annotated

import typer

from countenance.cli.app import sink
from countenance.cli.service import HERE, Key, Service, Url


@sink.command("remove", epilog="Example: countenance sink remove 3f0c... --yes")
def sink_remove(
    sink_id: Annotated[str, typer.Argument(help="The id of the receiver.", metavar="ID")],
    key: Key,
    url: Url = HERE,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send nothing more, and forget address and secrets. Erasures list it as not reached from then on."""
    if not yes:
        typer.confirm("Remove this receiver? What waits for it is not sent.", abort=True, err=True)
    Service(url, key).ask("DELETE", f"/v1/webhooks/{sink_id}")
    typer.echo("removed")
