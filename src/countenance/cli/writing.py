"""Where a command may write, looked at before it does what cannot be done twice."""

from pathlib import Path

from countenance.contracts.errors import UsageError


def place_for(out: Path) -> Path:
    """A file that can be written, in a folder that is there now; raises UsageError."""
    new = not out.exists()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("ab"):
            pass
    except OSError as fault:
        raise UsageError(f"{out} cannot be written: {fault.strerror}", "Name a file in a folder of yours.") from fault
    if new:
        out.unlink()
    return out
