"""Styles, scripts and pictures of the pages; everything comes from here, so the pages work offline."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from mimetypes import guess_type
from typing import Annotated

from fastapi import APIRouter, Path, Response
from starlette.requests import Request

from countenance.contracts.errors import NotFoundError
from countenance.server.access import NO_SUCH
from countenance.surface.verify_page import installed

router = APIRouter(include_in_schema=False)

NAME = r"^((vendor|verify)/)?[A-Za-z0-9][A-Za-z0-9._-]{0,80}$"
VERIFY = "verify/"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages use."""

    data: bytes
    media_type: str
    etag: str


@router.get("/static/{name:path}")
async def static(request: Request, name: Annotated[str, Path(pattern=NAME)]) -> Response:
    """One file; a browser asks each time whether it has changed."""
    found = _read(name)
    headers = {"etag": found.etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=headers)
    return Response(found.data, headers=headers, media_type=found.media_type)


@lru_cache(maxsize=200)
def _read(name: str) -> Asset:
    own = resources.files("countenance.server") / "static" / name
    # The verifier's modules are those that anybody checks a log with; the pages have none of their own.
    file = installed() / "src" / name.removeprefix(VERIFY) if name.startswith(VERIFY) else own
    if not file.is_file():
        raise NotFoundError(*NO_SUCH)
    data = file.read_bytes()
    kind = "text/javascript" if name.endswith((".js", ".mjs")) else guess_type(name)[0]
    return Asset(data, kind or "application/octet-stream", f'"{sha256(data).hexdigest()[:16]}"')
