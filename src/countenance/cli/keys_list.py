"""`countenance keys list`: which keys there are; never the keys themselves."""

import json
import os
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from countenance.cli.app import keys
from countenance.cli.config_show import ConfigOption
from countenance.cli.keyring import Data, opened_keys


@keys.command("list", epilog="Example: countenance keys list")
def keys_list(
    path: ConfigOption = None,
    data: Data = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print id, tenant, position, scopes and end of every key."""
    _, keyring = opened_keys(path, data, os.environ)
    rows: list[dict[str, Any]] = [
        {
            "id": row.key_id,
            "tenant": row.tenant,
            "label": row.label,
            "position": row.position,
            "scopes": row.scopes.split(),
            "made": _moment(row.made_utc_us),
            "expires": _moment(row.expires_utc_us),
            "revoked": _moment(row.revoked_utc_us),
            "valid": keyring.valid(row),
        }
        for row in keyring.all()
    ]
    if as_json:
        typer.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        state = "valid" if row["valid"] else f"revoked {row['revoked']}" if row["revoked"] else "expired"
        scopes = " ".join(map(str, row["scopes"]))
        typer.echo(f"{row['id']}  {row['tenant']}  {row['label']}  {row['position']}  {state}  {scopes}")


def _moment(utc_us: int | None) -> str | None:
    return None if utc_us is None else datetime.fromtimestamp(utc_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
