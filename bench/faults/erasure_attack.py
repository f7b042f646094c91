"""What someone who has every byte tries, to learn anything of a person who was erased."""

import base64
import hashlib
import hmac
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.faults.erasure_plant import LABELS, MARK, label_payload
from countenance.contracts.errors import VaultError
from countenance.storage.engine import FILE
from countenance.storage.sealing import KEY_BYTES, EpochKeys, Record, seal_record, unseal, unseal_record

PAGE = 4096
OVERLAP = 128
SECRET = re.compile(rb"[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=")


class Haystack:
    """All bytes of many files; a page that stands in many of them is searched once."""

    def __init__(self) -> None:
        self._pages: dict[bytes, bytes] = {}
        self.files = 0
        self.size = 0

    def add(self, data: bytes) -> None:
        """The bytes of one file."""
        self.files += 1
        self.size += len(data)
        for at in range(0, len(data), PAGE):
            page = data[at : at + PAGE + OVERLAP]
            self._pages.setdefault(hashlib.blake2b(page, digest_size=16).digest(), page)

    def add_folder(self, folder: Path) -> None:
        """All files below a folder."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.add(path.read_bytes())

    def markers(self, markers: Iterable[bytes]) -> set[bytes]:
        """The planted markers that stand here, in any of the usual spellings."""
        wanted = set(markers)
        found: set[bytes] = set()
        for page in self._pages.values():
            if any(start in page for start in SPELLINGS):
                found |= {marker for marker in wanted if any(form in page for form in spellings(marker))}
        return found

    def secrets(self, secrets: Iterable[bytes]) -> int:
        """How many of these byte strings (of 16 bytes at least) stand here, as they are or in hexadecimal."""
        # The beginning is enough, and is not torn by the end of a page.
        wanted = {form[:8]: form[: OVERLAP // 2] for secret in secrets for form in (secret, secret.hex().encode())}
        heads = np.sort(np.frombuffer(b"".join(wanted), dtype="<u8"))
        hits: set[bytes] = set()
        for page in self._pages.values() if len(heads) else ():
            for shift in range(min(8, len(page))):
                words = np.frombuffer(page, dtype="<u8", offset=shift, count=max(0, len(page) - shift) // 8)
                at = np.searchsorted(heads, words).clip(max=len(heads) - 1)
                for place in np.flatnonzero(heads[at] == words):
                    head = page[shift + 8 * place : shift + 8 * place + 8]
                    if wanted[head] in page:
                        hits.add(wanted[head])
        return len(hits)

    def candidates(self) -> set[bytes]:
        """Every 32 bytes that are written out in hexadecimal or base64 anywhere."""
        found: set[bytes] = set()
        for page in self._pages.values():
            for match in SECRET.findall(page):
                found.add(bytes.fromhex(match.decode()) if len(match) == 64 else base64.b64decode(match))
        return found


def spellings(word: bytes) -> Iterator[bytes]:
    """A word as it is, in UTF-16, in hexadecimal, and in base64 wherever it begins."""
    yield word
    yield word.upper()
    yield word.decode().encode("utf-16-le")
    yield word.hex().encode()
    for shift in range(3):
        # The first and last letters depend on what stands around; the middle does not.
        yield base64.b64encode(bytes(shift) + word)[4:-4]


SPELLINGS = [form for form in spellings(MARK) if len(form) >= len(MARK)] + [
    base64.b64encode(bytes(shift) + MARK + bytes(8))[4:8] for shift in range(3)
]


def derived(words: Iterable[str]) -> Iterator[bytes]:
    """What a careless program would keep in place of an id: its plain hashes."""
    for word in words:
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            yield hashlib.new(name, word.encode()).digest()


def readable(folder: Path, keks: Sequence[bytes]) -> list[bytes]:
    """All that these keys open in a copy of a store."""
    connection = sqlite3.connect(folder / FILE)
    connection.row_factory = sqlite3.Row
    plain: list[bytes] = []
    deks: dict[str, bytes] = {}
    for kek in keks:
        for row in connection.execute("SELECT * FROM deks"):
            try:
                keys = EpochKeys.of(row["epoch"], kek)
                deks[row["subject_ref"]] = keys.unwrap(row["wrapped"], row["tenant"], row["subject_ref"])
            except VaultError:
                continue
        for row in connection.execute("SELECT * FROM names"):
            try:
                wrapping = EpochKeys.of(row["epoch"], kek).wrapping
                plain.append(unseal(wrapping, row["sealed"], ("name", row["tenant"], row["tag"])))
            except VaultError:
                continue
    for row in connection.execute("SELECT * FROM payloads"):
        if dek := deks.get(row["subject_ref"]):
            context = (row["tenant"], row["subject_ref"], row["context"], row["payload_id"])
            record = unseal_record(dek, row["sealed"], context)
            plain.append(record.salt + record.payload)
    connection.close()
    return plain


def columns(folder: Path) -> set[bytes]:
    """Every value of 32 bytes in any column of a copy of a store: what a salt could be."""
    connection = sqlite3.connect(folder / FILE)
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {
        value
        for table in tables
        for row in connection.execute(f'SELECT * FROM "{table}"')
        for value in row
        if isinstance(value, bytes) and len(value) == KEY_BYTES
    }
    connection.close()
    return found


def guess(commitments: Iterable[str], salts: Iterable[bytes]) -> tuple[set[str], int]:
    """The commitments that some label under some salt, or under none, explains; and how many were tried."""
    wanted = set(commitments)
    tried: dict[str, None] = {}
    count = 0
    for label in LABELS:
        payload = label_payload(label)
        for digest in (hashlib.sha256(payload), hashlib.sha512(payload), hashlib.sha1(payload), hashlib.md5(payload)):
            tried[digest.hexdigest()] = None
            count += 1
        for salt in salts:
            tried[hmac.digest(salt, payload, "sha256").hex()] = None
            tried[hashlib.sha256(salt + payload).hexdigest()] = None
            count += 2
    return wanted & tried.keys(), count


def told_by_length() -> set[str]:
    """The labels whose sealed form has a length of its own."""
    lengths = {
        label: len(seal_record(bytes(KEY_BYTES), Record(bytes(32), label_payload(label)), (), bytes))
        for label in LABELS
    }
    return {label for label, length in lengths.items() if list(lengths.values()).count(length) == 1}
