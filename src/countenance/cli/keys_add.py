"""`countenance keys add`: an API key, shown once."""

import os
from typing import Annotated

import typer

from countenance.cli.app import keys
from countenance.cli.config_show import ConfigOption
from countenance.cli.keyring import Data, opened_keys


@keys.command("add", epilog="Example: countenance keys add --label crm --position operator --days 90")
def keys_add(
    label: Annotated[str, typer.Option(help="What you call this key, such as the program that uses it.")],
    position: Annotated[
        str, typer.Option(help="coach, tutor, teacher, clinician, supervisor, compliance or operator.")
    ] = "operator",
    scope: Annotated[list[str] | None, typer.Option(help="Repeat it; the usual ones of the position if none.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="After so many days it ends by itself.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose key; needed where there are several tenants.")] = None,
    path: ConfigOption = None,
    data: Data = None,
) -> None:
    """Make a key and print it, this once; only its hash is kept."""
    from countenance.server.keys import NewKey, position_of, scopes_of, tenant_named
    from countenance.server.scopes import USUAL, Scope

    loaded, keyring = opened_keys(path, data, os.environ)
    tenants, who = loaded.config.tenants, position_of(position)
    # Metrics are of the whole installation: where several share it, whoever is to see them is named.
    usual = USUAL[who] - ({Scope.OPERATE} if len(tenants) > 1 else set())
    scopes = scopes_of(scope) if scope else usual
    text, row = keyring.make(NewKey(tenant_named(tenant, tenants), label, who, scopes, days))
    typer.echo(text)
    typer.echo(f"{row.key_id} for {row.tenant}, {row.position}: {row.scopes}. It is not shown again.", err=True)
