"""What is read of a participant, shown to them first; pausing, stopping, deleting; receipts of their answers."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse
from starlette.requests import Request

from countenance.server.api.consent import receipt as issued
from countenance.server.api.paths import ID
from countenance.server.pages.rendering import PageRoute, page
from countenance.server.pages.seating import seated

router = APIRouter(include_in_schema=False, route_class=PageRoute)

ReceiptId = Annotated[str, Path(pattern=ID)]


@router.get("/me/{call_id}")
async def mine(request: Request, call_id: str) -> HTMLResponse:
    """My signals, in the call and after it."""
    at = seated(request, call_id, over=True)
    return page(request, "me", at.me, at=at)


@router.get("/me/{call_id}/receipts/{receipt_id}")
async def receipt(request: Request, call_id: str, receipt_id: ReceiptId) -> HTMLResponse:
    """A receipt to print: what was answered, and what proves it."""
    at = seated(request, call_id, over=True)
    found = await issued(call_id, at.participant_id, receipt_id, at.me.services, at.me.caller)
    return page(request, "receipt", at.me, at=at, receipt=found)
