"""JSON in one form only, so that a hash over it means the same everywhere (RFC 8785)."""

from collections.abc import Mapping
from typing import Any

import rfc8785


def canonical(value: Mapping[str, Any]) -> bytes:
    """The canonical bytes of a table."""
    return rfc8785.dumps(dict(value))
