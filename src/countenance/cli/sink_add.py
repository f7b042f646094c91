"""`countenance sink add`: send events to a receiver."""

from typing import Annotated

import typer

from countenance.cli.app import sink
from countenance.cli.service import HERE, Key, Service, Url
from countenance.contracts.errors import UsageError
from countenance.inference.tables import near

KINDS = ("webhook",)


@sink.command("add", epilog="Example: countenance sink add webhook https://hooks.example.com/in --type engagement_low")
def sink_add(
    kind: Annotated[str, typer.Argument(help="webhook.")],
    address: Annotated[str, typer.Argument(help="Where events go: https, public, port 443.", metavar="URL")],
    key: Key,
    url: Url = HERE,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Repeat it; a type or a beginning with *. None: all but samples.")
    ] = None,
    full: Annotated[bool, typer.Option(help="Send the data along, but for what was read of one person.")] = False,
    ed25519: Annotated[
        bool, typer.Option("--ed25519", help="Sign with a key pair instead of a shared secret.")
    ] = False,
) -> None:
    """Add a receiver and print what it checks signatures with, this once."""
    if kind not in KINDS:
        raise UsageError(f"unknown sink {kind!r}", near(kind, KINDS))
    wanted = {
        "url": address, "types": types or [], "full": full, "signature": "ed25519" if ed25519 else "hmac-sha256"
    }  # fmt: skip
    made = Service(url, key).ask("POST", "/v1/webhooks", wanted)
    typer.echo(made["secret"])
    what = "public key" if ed25519 else "secret"
    typer.echo(f"{made['endpoint_id']} added; above is its {what}, shown this once. Try it: sink test.", err=True)
