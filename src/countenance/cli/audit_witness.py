"""`countenance audit witness`: a witness on this machine, to be run by another user or on another host."""

import time
from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import audit


@audit.command("witness")
def audit_witness(
    folder: Annotated[Path, typer.Option(help="Where the witness keeps its key and what it has seen.")],
    log: Annotated[
        list[str], typer.Option(help="A log's public key, or a file with one a line (log.vkey); repeatable.")
    ],
    name: Annotated[str, typer.Option(help="The name under which it cosigns.")] = "witness.local/w1",
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1; 0 takes a free one.", min=0, max=65_535)] = 8099,
    show_key: Annotated[bool, typer.Option("--show-key", help="Print the public key and stop.")] = False,
) -> None:
    """Remember the last checkpoint of each log and cosign only what continues it (C2SP tlog-witness).

    Example: countenance audit witness --folder /var/lib/witness --log data/log/log.vkey
    """
    from countenance.audit.note import COSIGNATURE, SigningKey, VerifierKey
    from countenance.audit.witness import Witness
    from countenance.audit.witness_http import LOOPBACK, WitnessServer
    from countenance.storage.keys import KeyFolder

    key = SigningKey(name, KeyFolder(folder).log_seed(), COSIGNATURE)
    if show_key:
        typer.echo(str(key.verifier))
        return
    given = [Path(one).read_text(encoding="utf-8") if Path(one).is_file() else one for one in log]
    logs = [VerifierKey.parse(line) for text in given for line in text.split()]
    witness = Witness(folder, key, logs, lambda: int(time.time()))
    with WitnessServer(witness, port=port) as server:
        typer.echo(f"witness {name} {key.verifier} http://{LOOPBACK}:{server.server_port}")
        typer.echo("The line above belongs into a policy; Ctrl-C stops the witness.", err=True)
        server.serve_forever()
