"""The TURN server that relays media where no direct way exists, and the passwords that let peers in."""

import hmac
import re
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from countenance.capture.ice import IceServer
from countenance.inference.tables import Table

HOST = r"[A-Za-z0-9.:\[\]-]+"
StunUrl = Annotated[str, StringConstraints(pattern=rf"^stuns?:{HOST}$")]
TurnUrl = Annotated[str, StringConstraints(pattern=rf"^turns?:{HOST}(\?transport=(udp|tcp))?$")]
QUOTABLE = re.compile(r"[!#-\[\]-~]+")
"""What may stand between the quotation marks of a header as it is."""
ANYBODY = "countenance"
"""Whom a password that expires is for, where the operator names nobody: a TURN server is told of no participant."""


class TurnTable(Table):
    """A TURN server, and how one is let in."""

    urls: tuple[TurnUrl, ...] = ()
    """Such as turn:turn.example.org:3478?transport=udp; workers use the first, browsers whichever answers."""
    username: str | None = None
    credential: SecretStr | None = None
    """The password of `username`, where the server knows one for all."""
    credential_file: Path | None = None
    secret: SecretStr | None = None
    """What the server shares with us instead (`static-auth-secret` of coturn): each call and each page is given a user
    name and a password that expire."""
    secret_file: Path | None = None
    hours: int = Field(default=24, ge=1, le=168)
    """How long these are good for."""

    @field_validator("username", "credential")
    @classmethod
    def _can_be_told(cls, said: str | SecretStr | None) -> str | SecretStr | None:
        plain = said.get_secret_value() if isinstance(said, SecretStr) else said
        if plain is not None and not QUOTABLE.fullmatch(plain):
            raise ValueError('browsers can be told ASCII letters, digits and signs other than " and \\ alone')
        return said

    @model_validator(mode="after")
    def _lets_one_in(self) -> Self:
        if not self.urls and (self.username or self.credential or self.secret):
            raise ValueError("a TURN server needs urls")
        if self.urls and (self.credential is None) == (self.secret is None):
            raise ValueError("a TURN server needs a username with a credential, or a shared secret")
        if self.credential is not None and self.username is None:
            raise ValueError("a credential needs its username")
        return self

    def server(self, now: datetime) -> IceServer:
        """With what lets one in from now on."""
        if self.secret is not None:
            expires_s = int((now + timedelta(hours=self.hours)).timestamp())
            name, password = minted(self.secret.get_secret_value(), self.username or ANYBODY, expires_s)
            return IceServer(urls=self.urls, username=name, credential=password)
        password = "" if self.credential is None else self.credential.get_secret_value()
        return IceServer(urls=self.urls, username=self.username, credential=password)


def minted(secret: str, user: str, expires_s: int) -> tuple[str, str]:
    """A user name and a password that a TURN server believes until then, in seconds since 1970.

    After draft-uberti-behave-turn-rest-00: the password is the HMAC-SHA1 of the name, which begins with the time.
    """
    name = f"{expires_s}:{user}"
    return name, b64encode(hmac.digest(secret.encode(), name.encode(), "sha1")).decode()


def links(servers: Iterable[IceServer]) -> str:
    """The `Link` header of a WHIP answer (RFC 9725, 4.6)."""
    return ", ".join(f'<{url}>; rel="ice-server"{_entry(one)}' for one in servers for url in one.urls)


def _entry(server: IceServer) -> str:
    if server.credential is None:
        return ""
    return f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
