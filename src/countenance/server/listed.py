"""The entries of `[media] servers`: which media servers the calls of an installation may be on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

USUAL_PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}

# Not a URL parser: only what is spelt plainly passes, so that no two programs can read it differently.
SPELLING = re.compile(
    r"(?P<scheme>wss?|https?)://(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)*/?)",
    re.ASCII,
)
LISTED = re.compile(
    r"(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[1-9][0-9]{0,4}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of `[media] servers`: a host, a host with its port, or the beginning of a URL."""

    host: str
    port: int | None = None
    scheme: str | None = None
    path: str = ""

    @classmethod
    def of(cls, entry: str) -> "Listed":
        """Read an entry; raises ValueError."""
        if (url := SPELLING.fullmatch(entry)) is not None:
            scheme = url["scheme"]
            return cls(url["host"], int(url["port"] or USUAL_PORTS[scheme]), scheme, _path(url["path"]))
        if (host := LISTED.fullmatch(entry)) is not None:
            return cls(host["host"], None if host["port"] is None else int(host["port"]))
        raise ValueError(f"{entry!r} is no media server; write a host, host:port, or wss://host:port/path")

    def covers(self, url: re.Match[str]) -> bool:
        """Whether a URL leads there."""
        if url["host"] != self.host or (self.scheme is not None and url["scheme"] != self.scheme):
            return False
        port, path = int(url["port"] or USUAL_PORTS[url["scheme"]]), _path(url["path"])
        return self.port in (None, port) and (path == self.path or path.startswith(f"{self.path}/"))


def leads(url: str, listed: Iterable[str]) -> bool | None:
    """Whether a URL leads to one of the entries; None where it is not spelt plainly."""
    spelt = SPELLING.fullmatch(_lowered(url))
    if spelt is None or ".." in spelt["path"].split("/"):
        return None
    return any(Listed.of(entry).covers(spelt) for entry in listed)


def _lowered(url: str) -> str:
    """Scheme and host in small letters, as they mean the same; a path does not."""
    head, found, path = url[:2_048].partition("://")
    host, slash, rest = path.partition("/")
    return f"{head.lower()}{found}{host.lower()}{slash}{rest}"


def _path(path: str) -> str:
    return path.rstrip("/")
