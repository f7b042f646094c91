"""`countenance models pull`: other people's weights by name, with size, licence and hash shown first."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countenance.cli.app import models
from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.inference.catalogue import Entry
    from countenance.inference.pull import Wanted


@models.command("pull")
def models_pull(
    name: Annotated[str | None, typer.Argument(help="A name of the catalogue; without one they are listed.")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="Take files carried here: no network is used.")] = None,
    to: Annotated[Path, typer.Option(help="Folder that gets a folder of that name, and the lock.")] = Path("models"),
    entry: Annotated[Path | None, typer.Option(help="An entry of your own instead of the catalogue's.")] = None,
    hashes: Annotated[list[str] | None, typer.Option("--sha256", help="FILE=HEX, as you know it.")] = None,
    accept_unknown_hash: Annotated[bool, typer.Option(help="Pin whatever comes where nobody says a hash.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Fetch weights into a folder for `--models`; what was fetched once is pinned in models.lock.json."""
    from countenance.inference.catalogue import find, names, read_entry
    from countenance.inference.pull import LOCK, plan, present, pull, take

    if name is None and entry is None:
        for known in names():
            typer.echo(f"{known}: {find(known).title}. Licence: {find(known).card['licence']['name']}.")
        return
    asked = read_entry(entry) if entry is not None else find(name or "")
    if there := present(asked, to):
        typer.echo(f"{there}: there already, as {to / LOCK} pins it")
        return
    wanted = plan(asked, to, _pairs(hashes or []), offline=source is not None)
    typer.echo("\n".join(_shown(asked, wanted)), err=True)
    if not yes:
        typer.confirm("Take it?", abort=True, err=True)
    if source is not None:
        folder = take(asked, wanted, to, source, accept_unknown=accept_unknown_hash)
    else:
        folder = pull(asked, wanted, to, _told, accept_unknown=accept_unknown_hash)
    typer.echo(folder)
    if asked.form == "safetensors":
        typer.echo(f"Make a network of it: countenance models convert {folder} --card {asked.name}", err=True)


def _shown(entry: "Entry", wanted: "Iterable[Wanted]") -> Iterable[str]:
    terms = entry.card["licence"]
    yield f"{entry.name}: {entry.title}. {entry.note}"
    yield f"    licence: {terms['name']} ({terms['source']}); trained on: {terms['data']}"
    yield f"    commercial use: {'yes, ' + terms['reason'] if terms.get('commercial') else 'no'}"
    for file in wanted:
        size = "size unknown" if file.size is None else f"{file.size / 1e6:.2f} MB"
        digest = f"sha256 {file.sha256}" if file.sha256 else f"git {file.git_blob}" if file.git_blob else "hash unknown"
        yield f"    {file.name}: {size}, {digest} (said by {file.said_by})"
        yield f"        {file.url}"


def _pairs(words: list[str]) -> dict[str, str]:
    given = {}
    for word in words:
        name, found, digest = word.partition("=")
        if not found or len(digest) != 64 or set(digest.lower()) - set("0123456789abcdef"):
            raise UsageError(f"--sha256 {word!r} is not FILE=HEX", "For example: --sha256 model.onnx=81db...b0d2")
        given[name] = digest.lower()
    return given


def _told(done: int, total: int | None) -> None:
    of = f" of {total / 1e6:.1f}" if total else ""
    typer.echo(f"\r{done / 1e6:.1f}{of} MB", err=True, nl=done == total)
