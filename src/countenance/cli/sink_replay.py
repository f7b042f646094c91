"""`countenance sink replay`: send again, under the same ids."""

from typing import Annotated

import typer

from countenance.cli.app import sink
from countenance.cli.service import HERE, Key, Service, Url
from countenance.contracts.errors import UsageError


@sink.command("replay", epilog="Example: countenance sink replay 3f0c... --since 2026-11-22T09:00:00Z")
def sink_replay(
    sink_id: Annotated[str, typer.Argument(help="The id of the receiver.", metavar="ID")],
    key: Key,
    url: Url = HERE,
    event: Annotated[str | None, typer.Option(help="One event, by its webhook-id.")] = None,
    since: Annotated[str | None, typer.Option(help="Everything since then, RFC 3339.")] = None,
    dead: Annotated[bool, typer.Option("--dead", help="Everything that was given up.")] = False,
) -> None:
    """Queue events once more. A receiver that was disabled is enabled with `sink enable`, and goes on by itself."""
    wanted: dict[str, object] = {"event_id": event, "since": since, "dead_letters": dead or None}
    chosen = {name: value for name, value in wanted.items() if value is not None}
    if len(chosen) != 1:
        raise UsageError("it is not clear what to send again", "Name one of --event, --since and --dead.")
    queued = Service(url, key).ask("POST", f"/v1/webhooks/{sink_id}/replay", chosen)["queued"]
    typer.echo(f"{queued} queued")
