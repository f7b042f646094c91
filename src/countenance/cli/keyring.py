"""Opening the keys of an installation for a command; the server may be running."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from countenance.server.configfile import Loaded
    from countenance.server.keys import Keys

Data = Annotated[Path | None, typer.Option("--data", help="The data folder; that of the configuration if left out.")]


def opened_keys(path: Path | None, data: Path | None, environ: Mapping[str, str]) -> "tuple[Loaded, Keys]":
    """The configuration and the keys it leads to."""
    from countenance.server.configfile import load
    from countenance.server.keys import Keys
    from countenance.storage.apikeys import KeyFile
    from countenance.storage.clocks import SystemClock

    loaded = load(path, environ, {"data.folder": data})
    return loaded, Keys(KeyFile(loaded.config.data.folder), SystemClock())
