"""Fetching a file over HTTP: first what the server says of it, then its bytes, going on where a connection broke."""

import http.client
import ipaddress
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import IO
from urllib.parse import urljoin, urlsplit

from countenance import __version__
from countenance.contracts.errors import DownloadError

PATIENCE_S = 30
"""Silence of a connection after which it counts as broken."""
ATTEMPTS = 8
HOPS = 5
CHUNK = 1 << 18
MOST = 4 << 30
"""Bytes taken of a file whose size nobody says."""
AGAIN = "Run the same command again: it goes on where it stopped."
BROKEN = (urllib.error.URLError, ConnectionError, TimeoutError, http.client.HTTPException)

Progress = Callable[[int, int | None], None]
"""Bytes there, and bytes in all where that is known."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a server says of a file before it sends it."""

    url: str
    """The address at the commit that was told."""
    size: int | None
    sha256: str | None
    git_blob: str | None
    """The SHA-1 that git gives the content, for small files of a hub."""
    commit: str | None


def ask(url: str) -> Told:
    """Ask a server about a file with HEAD; the headers are those of the Hugging Face hub where it is one."""
    at = url
    for _ in range(HOPS):
        status, headers = _head(at)
        linked = headers.get("X-Linked-Etag") or headers.get("X-Repo-Commit")
        if not _moved(status) or linked:
            return _told(url, headers)
        at = _allowed(urljoin(at, headers.get("Location", "")))
    raise DownloadError(f"{url}: more than {HOPS} redirections", "Check the address.")


def fetch(url: str, part: Path, size: int | None, progress: Progress) -> None:
    """Fetch a file into `part`, going on behind what lies there; raises when it stays incomplete."""
    last: BaseException | None = None
    for _ in range(ATTEMPTS):
        have = part.stat().st_size if part.is_file() else 0
        if size is not None and have >= size:
            break
        try:
            size = _stream(url, part, have, size, progress)
        except BROKEN as error:
            last = error
    have = part.stat().st_size if part.is_file() else 0
    if size is None or have < size:
        raise DownloadError(f"{url}: broke off after {have} of {size or 'unknown'} bytes ({last})", AGAIN)
    if have > size:
        raise DownloadError(f"{url}: {have} bytes, and {size} were promised ({part})", "Delete that file and ask why.")


def _stream(url: str, part: Path, have: int, size: int | None, progress: Progress) -> int | None:
    """One connection; gives the size of the whole file as far as it is known by then."""
    request = _request(url, "GET", {"Range": f"bytes={have}-"} if have else {})
    with _open(request, url) as answer, part.open("r+b" if part.is_file() else "wb") as file:
        have = _start(answer, have)
        if size is None:
            size = _whole(answer, have)
        file.seek(have)
        file.truncate()
        limit = MOST if size is None else size
        while have <= limit and (chunk := answer.read(CHUNK)):
            file.write(chunk)
            have += len(chunk)
            progress(have, size)
    if size is None and have <= limit:
        return have
    return size


def _start(answer: http.client.HTTPResponse, have: int) -> int:
    """Where the bytes of an answer begin; a server that does not know ranges starts over."""
    if answer.status != HTTPStatus.PARTIAL_CONTENT:
        return 0
    match = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    if match is None or int(match.group(1)) != have:
        raise http.client.HTTPException(f"asked for bytes from {have}, got {answer.headers.get('Content-Range')}")
    return have


def _whole(answer: http.client.HTTPResponse, have: int) -> int | None:
    length = answer.headers.get("Content-Length", "")
    return have + int(length) if length.isdigit() else None


def _told(url: str, headers: "Message[str, str]") -> Told:
    size = headers.get("X-Linked-Size") or headers.get("Content-Length") or ""
    tag = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").removeprefix("W/").strip('"').lower()
    commit = headers.get("X-Repo-Commit")
    pinned = re.sub(r"/resolve/[^/]+/", f"/resolve/{commit}/", url, count=1) if commit else url
    return Told(
        url=pinned,
        size=int(size) if size.isdigit() and int(size) else None,
        sha256=tag if re.fullmatch(r"[0-9a-f]{64}", tag) else None,
        git_blob=tag if commit and re.fullmatch(r"[0-9a-f]{40}", tag) else None,
        commit=commit,
    )


def _head(url: str) -> "tuple[int, Message[str, str]]":
    try:
        with _opener(follow=False).open(_request(url, "HEAD"), timeout=PATIENCE_S) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        if _moved(error.code):
            return error.code, error.headers
        raise _failed(url, error) from error
    except BROKEN as error:
        raise DownloadError(f"{url}: nobody answers ({error})", "Check the network, or use --from a file.") from error


def _open(request: urllib.request.Request, url: str) -> http.client.HTTPResponse:
    try:
        answer: http.client.HTTPResponse = _opener(follow=True).open(request, timeout=PATIENCE_S)
    except urllib.error.HTTPError as error:
        raise _failed(url, error) from error
    return answer


def _failed(url: str, error: urllib.error.HTTPError) -> DownloadError:
    remedy = "It is gone, or lies behind a login: fetch it yourself and use --from." if error.code < 500 else AGAIN
    return DownloadError(f"{url}: the server says {error.code} {error.reason}", remedy)


def _request(url: str, method: str, headers: dict[str, str] | None = None) -> urllib.request.Request:
    said = {"User-Agent": f"countenance/{__version__}", "Accept-Encoding": "identity", **(headers or {})}
    return urllib.request.Request(_allowed(url), headers=said, method=method)


def _moved(status: int) -> bool:
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


def _allowed(url: str) -> str:
    """HTTPS anywhere, plain HTTP on this machine only."""
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname or "")):
        return url
    raise DownloadError(f"{url}: only https addresses are fetched", "Fetch it yourself and use --from.")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Follow(urllib.request.HTTPRedirectHandler):
    """Redirections stay on https."""

    max_redirections = HOPS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: "Message[str, str]",
        newurl: str,
    ) -> urllib.request.Request | None:
        return super().redirect_request(req, fp, code, msg, headers, _allowed(newurl))  # type: ignore[arg-type]


def _opener(follow: bool) -> urllib.request.OpenerDirector:
    """HTTP and HTTPS only: the library's default would open files and FTP too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        *([_Follow()] if follow else []),
    ):
        opener.add_handler(handler)
    return opener
