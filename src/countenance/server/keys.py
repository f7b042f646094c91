"""API keys: made once, shown once, kept as a hash; and checking the one that a caller shows."""

import hmac
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_bytes

from countenance.contracts.clock import Clock
from countenance.contracts.errors import NotFoundError, UnauthenticatedError, UsageError
from countenance.inference.tables import near
from countenance.server.scopes import USUAL, Position, Scope
from countenance.storage.apikeys import KeyFile, KeyRow
from countenance.storage.clocks import micros

SHAPE = re.compile(r"ctn_([0-9a-f]{16})_([0-9a-f]{64})")
"""A word that scanners for lost secrets can look for, the id by which the key is found, 256 secret bits."""
INVALID = ("the credential is missing or not valid", "Send `Authorization: Bearer` with an API key or a token.")


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as it is asked for."""

    tenant: str
    label: str
    position: Position = Position.OPERATOR
    scopes: frozenset[Scope] | None = None
    days: int | None = None
    """After so many days it ends by itself."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that is valid now."""

    id: str
    tenant: str
    position: Position
    scopes: frozenset[Scope]


class Keys:
    """The keys of an installation."""

    def __init__(self, file: KeyFile, clock: Clock, random: Callable[[int], bytes] = token_bytes) -> None:
        self._file = file
        self._clock = clock
        self._random = random

    def make(self, new: NewKey) -> tuple[str, KeyRow]:
        """A new key: its text, which is kept nowhere, and its row."""
        key_id, secret = self._random(8).hex(), self._random(32).hex()
        now = self._clock.utc()
        scopes = USUAL[new.position] if new.scopes is None else new.scopes
        if Scope.PARTICIPANT in scopes:
            raise UsageError("an API key is never a participant's", "Make a participant token for that person instead.")
        expires = None if new.days is None else micros(now + timedelta(days=new.days))
        written = " ".join(sorted(scopes))
        row = KeyRow(key_id, new.tenant, _hash(secret), new.label, str(new.position), written, micros(now), expires)
        self._file.add(row)
        return f"ctn_{key_id}_{secret}", row

    def check(self, text: str) -> ApiKey:
        """The key behind a text; raises UnauthenticatedError, whatever is wrong with it."""
        match = SHAPE.fullmatch(text)
        row = self._file.find(match[1]) if match else None
        right = hmac.compare_digest(_hash(match[2] if match else ""), row.sha256 if row else _hash("-"))
        return self._standing(row if right else None)

    def named(self, key_id: str) -> ApiKey:
        """The key of an id, for somebody who showed it when they signed in; raises UnauthenticatedError."""
        return self._standing(self._file.find(key_id))

    def valid(self, row: KeyRow) -> bool:
        """Whether a key has neither been revoked nor come to its end."""
        now_us = micros(self._clock.utc())
        return row.revoked_utc_us is None and (row.expires_utc_us is None or now_us < row.expires_utc_us)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def all(self) -> Iterable[KeyRow]:
        """Every key, ended ones included."""
        return self._file.all()

    def revoke(self, key_id: str) -> None:
        """End a key from now on."""
        if not self._file.revoke(key_id, micros(self._clock.utc())):
            raise NotFoundError(f"no key {key_id!r} that could end", "See `countenance keys list` for the ids.")

    def end(self, token_id: str, ends: datetime) -> None:
        """A token is refused from now on; it is forgotten when it would have ended by itself."""
        self._file.end_token(token_id, micros(ends), micros(self._clock.utc()))

    def has_ended(self, token_id: str) -> bool:
        """Whether a token was ended before its time."""
        return self._file.has_ended(token_id)

    def _standing(self, row: KeyRow | None) -> ApiKey:
        if row is None or not self.valid(row):
            raise UnauthenticatedError(*INVALID)
        return ApiKey(row.key_id, row.tenant, Position(row.position), frozenset(map(Scope, row.scopes.split())))


def position_of(word: str) -> Position:
    """A position by its name; raises UsageError naming the nearest."""
    if word not in tuple(Position):
        raise UsageError(f"unknown position {word!r}", near(word, tuple(Position)))
    return Position(word)


def tenant_named(name: str | None, known: Collection[str]) -> str:
    """The tenant that is meant: the only one, or the one that is named."""
    if name is None and len(known) == 1:
        return next(iter(known))
    if name is None:
        raise UsageError("there are several tenants", f"Name one with --tenant: {', '.join(sorted(known))}.")
    if name not in known:
        raise UsageError(f"unknown tenant {name!r}", near(name, known))
    return name


def scopes_of(words: Iterable[str]) -> frozenset[Scope]:
    """Scopes by their names; raises UsageError naming the nearest."""
    known = [str(scope) for scope in Scope if scope is not Scope.PARTICIPANT]
    found = set()
    for word in words:
        if word not in known:
            raise UsageError(f"unknown scope {word!r}", near(word, known))
        found.add(Scope(word))
    return frozenset(found)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
