"""`countenance audit prove`: the proof that one entry is in the log, as a file that stands alone."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import audit
from countenance.cli.writing import place_for


@audit.command("prove")
def audit_prove(
    log: Annotated[Path, typer.Argument(help="An exported log, or a store's data folder.")],
    seq: Annotated[int, typer.Argument(help="The number of the entry.", min=0)],
    out: Annotated[Path | None, typer.Option(help="Where to write the .tlog-proof; to the terminal otherwise.")] = None,
) -> None:
    """Write the proof of an entry, the entry with it: checked offline by `audit verify --key`.

    Example: countenance audit prove data/log 17 --out entry-17.tlog-proof
    """
    from countenance.audit.checkpoint import parse_checkpoint
    from countenance.audit.merkle import inclusion
    from countenance.audit.note import parse_note
    from countenance.audit.proof import Proof
    from countenance.audit.tiles import WIDTH
    from countenance.audit.tree import Tree
    from countenance.cli.logs import log_folder

    folder = log_folder(log)
    signed = folder.checkpoint()
    point = parse_checkpoint(parse_note(signed).text)
    tree = Tree(folder, point)
    hashes = inclusion(tree, seq, point.size)
    proof = Proof(seq, hashes, signed, tree.bundle(seq // WIDTH)[seq % WIDTH])
    if out is None:
        typer.echo(proof.data.decode(), nl=False)
        return
    place_for(out).write_bytes(proof.data)
    typer.echo(f"{out}: entry {seq} in {point.size} entries of {point.origin}, {len(proof.data)} bytes.", err=True)
