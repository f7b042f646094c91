"""Asking a running service: where it is, with which key, and its own words when it refuses."""

from dataclasses import dataclass
from typing import Annotated, Any

import httpx
import typer

from countenance.contracts.errors import ForbiddenError, LinkError, NotFoundError, UnauthenticatedError, UsageError

Key = Annotated[str, typer.Option(envvar="COUNTENANCE_KEY", help="An API key; better in the variable.")]
Url = Annotated[str, typer.Option(envvar="COUNTENANCE_URL", help="Of the service.")]
HERE = "http://127.0.0.1:8080"
TIMEOUT_S = 30.0
OF_STATUS = {401: UnauthenticatedError, 403: ForbiddenError, 404: NotFoundError, 422: UsageError}


@dataclass(frozen=True, slots=True)
class Service:
    """One service and the key to it."""

    url: str
    key: str

    def ask(self, method: str, path: str, body: object = None, **query: str | int) -> Any:  # noqa: ANN401
        """The answer as JSON, None where there is none; raises in the service's own words."""
        shown = {"Authorization": f"Bearer {self.key}"}
        try:
            answer = httpx.request(
                method, f"{self.url.rstrip('/')}{path}", json=body, params=query, headers=shown, timeout=TIMEOUT_S
            )
        except httpx.UnsupportedProtocol as fault:
            raise UsageError(f"{self.url!r} is no address of a service", f"Write it as {HERE}.") from fault
        except httpx.TransportError as fault:
            remedy = "Is `countenance serve` running there? Name another address by --url or COUNTENANCE_URL."
            if "CERTIFICATE_VERIFY_FAILED" in str(fault):
                remedy = "SSL_CERT_FILE names the authorities that are trusted, a certificate of your own included."
            raise LinkError(f"{self.url} does not answer ({fault})", remedy) from fault
        if answer.is_success:
            return answer.json() if answer.content else None
        said = _said(answer)
        kind = OF_STATUS.get(answer.status_code, LinkError)
        raise kind(str(said.get("detail", f"the service answers {answer.status_code}")), _fix(said))


def _fix(said: dict[str, Any]) -> str:
    """What to do next, without words that point into a document which nobody sees here."""
    fix = str(said.get("fix", ""))
    if "`correlation_id`" in fix:
        return f"{fix.removesuffix('.')}: {said.get('correlation_id')}."
    return "Change that." if "`errors`" in fix else fix


def _said(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
