"""`/demo`: the pages to click through, each with the credential that opens it; only a demo has this page."""

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.requests import Request

from countenance.server.demo.company import Company
from countenance.server.origins import check_origin
from countenance.server.pages.rendering import PageRoute, page

router = APIRouter(include_in_schema=False, route_class=PageRoute)


def install(app: FastAPI, company: Company) -> None:
    """Give an app the page of its demo."""
    app.state.company = company
    app.include_router(router)


@router.get("/demo")
async def demo(request: Request) -> HTMLResponse:
    """Where a visitor begins."""
    company = _company(request)
    return page(
        request,
        "demo",
        links=company.links,
        names=company.names,
        url=company.url,
        call=company.call_id,
        token=company.token,
    )


@router.post("/demo/camera", status_code=201)
async def camera(request: Request) -> JSONResponse:
    """Somebody joins the call with their own camera: where they begin."""
    check_origin(request)
    return JSONResponse({"url": await _company(request).camera()}, 201)


def _company(request: Request) -> Company:
    company: Company = request.app.state.company
    return company
