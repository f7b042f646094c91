"""`countenance tail`: the events of a running call, as they come."""

import asyncio
import json
from typing import Annotated

import typer

from countenance.cli.app import app

EPILOG = "Example: COUNTENANCE_KEY=... countenance tail 5f0c... --types engagement_low,consent.changed --jsonl"


@app.command("tail", epilog=EPILOG)
def tail(
    call: Annotated[str, typer.Argument(help="The id of the call.")],
    key: Annotated[
        str, typer.Option(envvar="COUNTENANCE_KEY", help="An API key or token; better in the variable.", prompt=False)
    ],
    url: Annotated[str, typer.Option(envvar="COUNTENANCE_URL", help="Of the service.")] = "http://127.0.0.1:8080",
    after: Annotated[
        str | None, typer.Option(help="The sequence of the last event you have; 0 for all. Only new ones otherwise.")
    ] = None,
    types: Annotated[str | None, typer.Option(help="Types of events, in full or short, separated by commas.")] = None,
    samples: Annotated[bool, typer.Option(help="Also the sample of every second.")] = False,
    as_jsonl: Annotated[bool, typer.Option("--jsonl", help="Print CloudEvents, one a line.")] = False,
) -> None:
    """Print what happens on a call until it is over. A broken line is taken up again where it was.

    Readings of single people come only to a named reviewer's token; everybody else sees what was permitted and refused.
    """
    from countenance.cli.following import Feed, follow, line_of

    async def printed() -> None:
        async for event in follow(Feed(url, key, call, types, samples), after):
            text = json.dumps(event, sort_keys=True, ensure_ascii=False) if as_jsonl else line_of(event)
            typer.echo(text)

    asyncio.run(printed())
