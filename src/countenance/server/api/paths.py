"""The parts of addresses, and what routes are given beside them."""

from typing import Annotated

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from countenance.server.access import site_of
from countenance.server.config import LimitsTable

ID = r"^[A-Za-z0-9._~-]{1,128}$"

CallId = Annotated[str, Path(description="The call.", pattern=ID)]
ParticipantId = Annotated[str, Path(description="The participant, by the id within the call.", pattern=ID)]


def limits_of(connection: HTTPConnection) -> LimitsTable:
    """What the operator allows."""
    return site_of(connection).config.limits


Limits = Annotated[LimitsTable, Depends(limits_of)]
