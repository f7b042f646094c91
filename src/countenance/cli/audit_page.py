"""`countenance audit page`: the page with which anyone checks a log."""

from pathlib import Path
from typing import Annotated

import typer

from countenance.cli.app import audit

PAGE = "index.html"


@audit.command("page")
def audit_page(
    out: Annotated[Path, typer.Option(help="The folder to write it into, such as that of an exported log.")],
) -> None:
    """Write the page that checks a log or a receipt in a browser: one file, no server, no network.

    Example: countenance audit page --out verify
    """
    from countenance.surface.verify_page import verify_page

    page = out / PAGE
    out.mkdir(parents=True, exist_ok=True)
    page.write_text(verify_page(), encoding="utf-8")
    typer.echo(f"{page}: open it in a browser and drop a receipt or a log's folder on it.")
