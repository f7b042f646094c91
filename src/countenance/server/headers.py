"""What every answer carries, so that a browser gives pages and data of this service to nobody else."""

from collections.abc import Iterable, Sequence

Header = tuple[bytes, bytes]

DATA_POLICY = "default-src 'none'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
PAGE_POLICY = (
    "default-src 'none'; object-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'"
)
"""Pages load from here alone: nothing inline, nothing from elsewhere."""
FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
DATA = {"content-security-policy": DATA_POLICY, "permissions-policy": "camera=(), microphone=(), display-capture=()"}
PAGE = {
    "content-security-policy": PAGE_POLICY,
    "permissions-policy": "camera=(self), microphone=(self), display-capture=()",
}
YEAR = "max-age=31536000; includeSubDomains"


def hardened(headers: Iterable[Header], *, tls: bool, shared: bool = False) -> Sequence[Header]:
    """The headers of an answer and what they lack; what a route sets itself stands.

    `shared`: pages of the configured origins may read it, as CORS has checked.
    """
    given = list(headers)
    known = {name.lower() for name, _ in given}
    kind = next((value for name, value in given if name.lower() == b"content-type"), b"")
    wanted = FIXED | (PAGE if kind.startswith(b"text/html") else DATA) | {"cache-control": "no-store"}
    if tls:
        wanted["strict-transport-security"] = YEAR
    if shared:
        wanted["cross-origin-resource-policy"] = "cross-origin"
    added = ((name.encode(), value.encode()) for name, value in wanted.items())
    return [*given, *((name, value) for name, value in added if name not in known)]
