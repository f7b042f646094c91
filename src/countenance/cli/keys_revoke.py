"""`countenance keys revoke`: a key ends, also while the server runs."""

import os
from typing import Annotated

import typer

from countenance.cli.app import keys
from countenance.cli.config_show import ConfigOption
from countenance.cli.keyring import Data, opened_keys


@keys.command("revoke", epilog="Example: countenance keys revoke 0123456789abcdef")
def keys_revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `countenance keys list` shows.")],
    path: ConfigOption = None,
    data: Data = None,
) -> None:
    """End a key at once; a running server refuses it from its next request on."""
    _, keyring = opened_keys(path, data, os.environ)
    keyring.revoke(key_id)
    typer.echo(f"{key_id} is revoked")
