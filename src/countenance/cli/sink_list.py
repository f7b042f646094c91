"""`countenance sink list`: the receivers, and how they fare."""

import json
from typing import Annotated

import typer

from countenance.cli.app import sink
from countenance.cli.service import HERE, Key, Service, Url


@sink.command("list", epilog="Example: countenance sink list")
def sink_list(
    key: Key,
    url: Url = HERE,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print id, state, address and types of every receiver; never its secret."""
    items = Service(url, key).ask("GET", "/v1/webhooks")["items"]
    if as_json:
        typer.echo(json.dumps(items))
        return
    for one in items:
        types = ", ".join(one["types"]) or "all but samples"
        problem = "" if one["problem"] is None else f"  ({one['problem']} since {one['failing_since']})"
        typer.echo(f"{one['endpoint_id']}  {one['status']:8}  {one['url']}  {types}{problem}")
