"""Short-lived tokens (JWT, HS256) for people in a call and for named reviewers, under a secret of the tenant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any, cast

import jwt

from countenance.contracts.clock import Clock
from countenance.contracts.errors import UnauthenticatedError, UsageError
from countenance.server.keys import INVALID
from countenance.server.scopes import REVIEWERS, USUAL, Position, Scope

ALGORITHM = "HS256"
ISSUER = "countenance"
LONGEST = timedelta(hours=12)
USUAL_LIFE = timedelta(hours=2)
PASSED_ON = ("sub", "call", "role", "scope")
REQUIRED = ["iss", "aud", "sub", "iat", "exp", "jti", "scope"]


@dataclass(frozen=True, slots=True)
class Seat:
    """One participant of one call."""

    call_id: str
    participant_id: str


@dataclass(frozen=True, slots=True)
class Token:
    """What a valid token says."""

    id: str
    ends: datetime
    subject: str
    """The participant's id in the call, or the deployment's own id of the reviewer."""
    scopes: frozenset[Scope]
    seat: Seat | None = None
    position: Position | None = None
    call_id: str | None = None
    """A reviewer's token may be for one call alone."""
    key_id: str | None = None
    """Set where somebody signed in to the pages with an API key; it ends with that key."""


class Tokens:
    """Makes and checks the tokens of one tenant."""

    def __init__(self, tenant: str, secret: bytes, clock: Clock) -> None:
        self._tenant = tenant
        self._secret = secret
        self._clock = clock

    def for_participant(self, seat: Seat, life: timedelta = USUAL_LIFE) -> str:
        """A token with which a person acts for themselves in one call."""
        claims = {"sub": seat.participant_id, "call": seat.call_id, "scope": str(Scope.PARTICIPANT)}
        return self._signed(claims, life)

    def for_reviewer(
        self, reviewer: str, position: Position, call_id: str | None = None, life: timedelta = USUAL_LIFE
    ) -> str:
        """A token for one named human reviewer; `reviewer` is the deployment's own id, and no name."""
        if position not in REVIEWERS:
            raise UsageError(f"a {position} is no reviewer", f"Reviewers are {', '.join(sorted(REVIEWERS))}.")
        claims = {"sub": reviewer, "role": str(position), "scope": " ".join(sorted(USUAL[position]))}
        return self._signed(claims | ({} if call_id is None else {"call": call_id}), life)

    def for_session(self, key_id: str, position: Position, scopes: frozenset[Scope], life: timedelta = LONGEST) -> str:
        """A token that stands for an API key in a browser: the key itself stays with the person."""
        claims = {"sub": key_id, "key": key_id, "role": str(position), "scope": " ".join(sorted(scopes))}
        return self._signed(claims, life)

    def again(self, text: str) -> str:
        """Another token that says what this one says and ends when it does, for a session that can end alone."""
        claims, now = self._claims(text), self._clock.utc()
        same = {name: str(claims[name]) for name in PASSED_ON if name in claims}
        return self._signed(same, min(_moment(claims["exp"]) - now, LONGEST))

    def check(self, text: str) -> Token:
        """What a token says; raises UnauthenticatedError, whatever is wrong with it."""
        try:
            return _token(self._claims(text))
        except (KeyError, TypeError, ValueError, OverflowError) as fault:
            raise UnauthenticatedError(*INVALID) from fault

    def _claims(self, text: str) -> Mapping[str, Any]:
        try:
            # Times are checked below, by our own clock.
            claims = jwt.decode(
                text,
                self._secret,
                algorithms=[ALGORITHM],
                audience=self._tenant,
                issuer=ISSUER,
                options={"require": REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
            )
            if not int(claims["iat"]) - 60 <= self._clock.utc().timestamp() < int(claims["exp"]):
                raise ValueError("not valid at this time")
        except (jwt.PyJWTError, TypeError, ValueError) as fault:
            raise UnauthenticatedError(*INVALID) from fault
        return cast("Mapping[str, Any]", claims)

    def _signed(self, claims: Mapping[str, str], life: timedelta) -> str:
        if not timedelta(0) < life <= LONGEST:
            raise UsageError(f"a token cannot last {life}", f"Give at most {LONGEST}.")
        now = self._clock.utc()
        stated = {"iss": ISSUER, "aud": self._tenant, "iat": _seconds(now), "exp": _seconds(now + life)}
        return jwt.encode({**stated, "jti": token_hex(16), **claims}, self._secret, ALGORITHM)


def _token(claims: Mapping[str, Any]) -> Token:
    scopes = frozenset(map(Scope, str(claims["scope"]).split()))
    token_id, ends = str(claims["jti"]), _moment(claims["exp"])
    if scopes == {Scope.PARTICIPANT}:
        seat = Seat(str(claims["call"]), str(claims["sub"]))
        return Token(token_id, ends, seat.participant_id, scopes, seat, call_id=seat.call_id)
    call, key = (None if claims.get(name) is None else str(claims[name]) for name in ("call", "key"))
    return Token(token_id, ends, str(claims["sub"]), scopes, None, Position(claims["role"]), call, key)


def tenant_of(text: str) -> str | None:
    """The tenant a token says it is for; nothing is proven by that."""
    try:
        claims = jwt.decode(text, options={"verify_signature": False, "verify_exp": False, "verify_aud": False})
    except jwt.PyJWTError:
        return None
    audience = claims.get("aud")
    return audience if isinstance(audience, str) else None


def _moment(seconds: Any) -> datetime:  # noqa: ANN401
    return datetime.fromtimestamp(int(seconds), UTC)


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())
