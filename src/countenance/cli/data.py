"""`countenance data`: labelled data, looked at and stored."""

import json
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import data


@data.command("inspect")
def data_inspect(
    path: Annotated[Path, typer.Argument(help="The folder or file of a corpus.")],
    corpus: Annotated[str | None, typer.Option("--as", help="Which corpus it is, when it is not recognised.")] = None,
    trust_pickle: Annotated[bool, typer.Option(help="Read a pickle of CMU-MOSEI: it can run code on load.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Recognise a corpus; print counts, classes, demographics, agreement, what is missing, and its licence."""
    from dataclasses import asdict

    from countenance.training.datasets.inspection import inspect, lines

    found = inspect(path, corpus, trust_pickle=trust_pickle)
    typer.echo(json.dumps(asdict(found)) if as_json else "\n".join(lines(found)))


@data.command("store")
def data_store(
    path: Annotated[Path, typer.Argument(help="The folder or file of a corpus, or your own labelled calls.")],
    out: Annotated[Path, typer.Argument(help="Where to write, such as store.jsonl.")],
    corpus: Annotated[str | None, typer.Option("--as", help="Which corpus it is, when it is not recognised.")] = None,
) -> None:
    """Write labelled data as the canonical store: one line of JSON per labelled stretch, votes kept."""
    from countenance.training.datasets.canonical import write_store
    from countenance.training.datasets.inspection import named
    from countenance.training.datasets.store import check_splits, recognise

    reading = (recognise(path) if corpus is None else named(corpus)).read(path)
    check_splits(reading.rows)
    write_store(reading.rows, out)
    typer.echo(f"{out}: {len(reading.rows)} labelled stretches")
