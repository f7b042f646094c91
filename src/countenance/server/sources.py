"""Where the media of a call may be, when a key says so over the network: what the operator listed, nothing else."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from countenance.contracts.errors import UsageError
from countenance.server.config import MediaTable
from countenance.server.listed import leads

SourceKind = Literal["whip", "janus", "mediasoup", "livekit", "file"]
"""What may be named over the network; connectors of one's own are named on the machine itself."""
KINDS: tuple[SourceKind, ...] = get_args(SourceKind)
OPERATORS = ("ice_servers", "ice", "listen", "address", "tenant")
"""Keys of sources that only the configuration sets: each is an address that a worker would reach or send to."""


class SourceError(UsageError):
    """A source that may not be named over the network; `path` is the key that is wrong."""

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        super().__init__(problem, remedy)
        self.path = path


def permitted(source: Mapping[str, Any], media: MediaTable, now: datetime) -> Mapping[str, Any]:
    """The source with what the operator sets beside it; raises SourceError for one that leads elsewhere."""
    kind = source.get("kind")
    if kind not in KINDS:
        raise SourceError("source.kind", f"no source is called {str(kind)[:40]!r}", f"Write one of {', '.join(KINDS)}.")
    for key in OPERATORS:
        if key in source:
            remedy = "Leave it out; the operator sets it in [media] and [livekit]."
            raise SourceError(f"source.{key}", f"{key} is set by the operator", remedy)
    match kind:
        case "whip":
            return {**source, "ice_servers": [one.told() for one in media.ice(now)]}
        case "janus":
            _check_url(source, media.servers)
            return {**source, "ice": [one.told() for one in media.ice(now)]}
        case "mediasoup":
            _check_url(source, media.servers)
            return {**source, "listen": media.rtp_listen, "address": media.rtp_address}
        case "file":
            return _below(source, media.recordings)
    return source


def _check_url(source: Mapping[str, Any], servers: Sequence[str]) -> None:
    url = source.get("url")
    there = leads(url, servers) if isinstance(url, str) else None
    if there is None:
        raise SourceError("source.url", "the URL of the media server is not spelt plainly", "Write wss://host/path.")
    if not there:
        problem = "this is not among the media servers of this installation"
        raise SourceError("source.url", problem, "The operator lists them in [media] servers.")


def _below(source: Mapping[str, Any], folders: Sequence[Path]) -> Mapping[str, Any]:
    """The source with its files as they really lie, each below a folder that is listed."""
    recordings, transcript = source.get("recordings"), source.get("transcript")
    if not isinstance(recordings, Mapping):
        raise SourceError("source.recordings", "recordings is a table of files by participant", 'Write {"Ana": "..."}.')
    placed = {who: _placed(f"source.recordings.{who}", path, folders) for who, path in recordings.items()}
    words = {} if transcript is None else {"transcript": _placed("source.transcript", transcript, folders)}
    return {**source, "recordings": placed, **words}


def _placed(key: str, said: object, folders: Sequence[Path]) -> str:
    for folder in folders if isinstance(said, str) and "\0" not in said else ():
        found = (folder / str(said)).resolve()
        if found.is_relative_to(folder.resolve()):
            return str(found)
    raise SourceError(key, "this file lies in no folder of recordings", "The operator lists it in [media] recordings.")
