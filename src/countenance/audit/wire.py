"""Numbers and bytes as the C2SP texts write them: one spelling each, so that no bit can change without showing."""

import base64
import binascii
import re

from countenance.contracts.errors import AuditError

DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
LARGEST = 2**63 - 1
HASH_BYTES = 32


def number(text: str, what: str) -> int:
    """A whole number without leading zeros, at most 2^63 - 1; raises AuditError."""
    value = int(text) if DECIMAL.fullmatch(text) else -1
    if not 0 <= value <= LARGEST:
        raise AuditError(f"{what} is no plain whole number: {clip(text)}", "The file is damaged or of another format.")
    return value


def to_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, what: str, length: int | None = None) -> bytes:
    """The bytes behind a base64 text in its one canonical spelling, and of a length; raises AuditError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise AuditError(f"{what} is not base64: {clip(text)}", "The file is damaged or of another format.") from fault
    # Spare bits of the last character must be zero: two spellings of one hash would hide a flipped bit.
    if to_base64(data) != text:
        raise AuditError(f"{what} is not canonical base64: {clip(text)}", "The file is damaged or of another format.")
    if length is not None and len(data) != length:
        raise AuditError(f"{what} holds {len(data)} bytes instead of {length}", "The file is damaged.")
    return data


def utf8(data: bytes, what: str) -> str:
    """Bytes as text; raises AuditError when they are not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as fault:
        raise AuditError(f"{what} is not UTF-8 at byte {fault.start}", "The file is damaged.") from fault


def clip(text: str) -> str:
    """A text short and plain enough for one line of an error."""
    return ascii(text if len(text) <= 60 else text[:60] + "...")
