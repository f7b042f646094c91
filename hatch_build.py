"""A build hook: wheel and sdist carry what browsers load, so that an installed service needs no Node."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path("clients/web")
VENDOR = Path("src/countenance/server/static/vendor")
NEEDED = ("countenance.js", "uPlot.esm.js", "uPlot.min.css", "uPlot.LICENSE.txt")


class BrowserFiles(BuildHookInterface):  # type: ignore[type-arg]
    """Builds `clients/web` where it was not built yet; fails with what to do where that cannot be done."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Called before anything is packed; a checkout that is installed editably is left alone."""
        root = Path(self.root)
        if version == "editable" or not missing(root):
            return
        if shutil.which("npm") is not None:
            subprocess.run(["sh", str(root / WEB / "build.sh")], check=True)
        if still := missing(root):
            raise RuntimeError(
                f"{VENDOR} lacks {', '.join(still)}: install Node 20.19 or newer and run "
                f"`npm ci && npm run build` in {WEB}, then build again"
            )


def missing(root: Path) -> list[str]:
    """The files that were not built."""
    return [name for name in NEEDED if not (root / VENDOR / name).is_file()]
