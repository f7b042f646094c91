"""`countenance store prepare`: make or renew the tables of a PostgreSQL, once and after each update."""

from typing import Annotated

import typer

from countenance.cli.app import store


@store.command("prepare")
def store_prepare(
    url: Annotated[
        str,
        typer.Argument(
            envvar="COUNTENANCE_OWNER_URL",
            help="postgresql://owner:password@host/database; better in the variable than on the command line.",
        ),
    ],
    role: Annotated[str, typer.Option(help="The role that the product itself uses.")] = "countenance_app",
) -> None:
    """Make the tables of a PostgreSQL store, with row-level security, for a role that does not own them.

    A store in a folder needs none of this: it is made when it is first opened.
    """
    from countenance.storage.store import Store

    Store.prepare(url, role)
    typer.echo(f"the tables are ready; open the store as {role}")
