"""The id that a client gives a request comes back with the answer, so that both sides can name it."""

import re

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAME = "x-client-request-id"
SHAPE = re.compile(r"[A-Za-z0-9._:-]{1,128}")


class ClientRequestId:
    """Passes the id on; one that is anything but a plain word is left out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        given = Headers(scope=scope).get(NAME, "") if scope["type"] == "http" else ""
        if not SHAPE.fullmatch(given):
            await self._app(scope, receive, send)
            return

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (NAME.encode(), given.encode())]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, named)
