"""Recordings of calls that the operator keeps by means of their own; this service records nothing."""

from pathlib import Path

KINDS = {
    ".webm": "video/webm",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
}


def kept_media(folder: Path | None, call_id: str) -> tuple[Path, str] | None:
    """The file `<call id>.<ending>` in the folder of `[media] kept`, and its media type; None where there is none."""
    for ending, kind in KINDS.items() if folder is not None else ():
        file = Path(folder or "") / f"{call_id}{ending}"
        if file.is_file():
            return file, kind
    return None
