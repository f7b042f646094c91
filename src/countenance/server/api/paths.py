"""The parts of addresses, as every route writes them."""

from typing import Annotated

from fastapi import Path

ID = r"^[A-Za-z0-9._~-]{1,128}$"

CallId = Annotated[str, Path(description="The call.", pattern=ID, examples=["c_01"])]
ParticipantId = Annotated[str, Path(description="The participant, by the id within the call.", pattern=ID)]
PersonId = Annotated[str, Path(description="The deployment's own id of a person.", min_length=1, max_length=128)]
