"""Words that a client hands in for a participant: captions of the call, instead of a transcription here."""

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import Field, model_validator

from countenance.inference.tables import Table
from countenance.link.messages import Said
from countenance.server.access import Here, needs
from countenance.server.api.paths import CallId, ParticipantId
from countenance.server.idempotency import OnceRoute
from countenance.server.scopes import Scope

router = APIRouter(prefix="/v1/calls/{call_id}/participants/{participant_id}", tags=["calls"], route_class=OnceRoute)

LONGEST_US = 48 * 3_600_000_000
MediaTime = Annotated[int, Field(ge=0, le=LONGEST_US, description="Microseconds since the call began.")]


class Caption(Table):
    """One utterance, final."""

    text: str = Field(min_length=1, max_length=4_000)
    start_us: MediaTime | None = None
    end_us: MediaTime | None = Field(default=None, description="It ended just now, when left out.")
    language: str | None = Field(default=None, pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)
    confidence: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _times_are_a_span(self) -> Self:
        if (self.start_us is None) != (self.end_us is None):
            raise ValueError("start_us and end_us come together, or not at all")
        if self.start_us is not None and self.end_us is not None and self.start_us >= self.end_us:
            raise ValueError("end_us comes after start_us")
        return self


@router.post("/captions", status_code=202, dependencies=[needs(Scope.CALLS_WRITE, own=True)])
async def caption(call_id: CallId, participant_id: ParticipantId, body: Caption, here: Here) -> None:
    """What somebody said. It is read only if they have said yes to their words being read; else it is dropped."""
    here.calls.get(call_id).person_of(participant_id)
    said = Said(call_id, participant_id, body.start_us, body.end_us, body.text, body.confidence, body.language)
    await here.calls.said(call_id, said)
