"""Following the events of a call from outside: one WebSocket after another, each from where the last one ended."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from countenance.contracts.errors import CountenanceError, LinkError, UsageError

PROTOCOL = Subprotocol("cloudevents.json")
OVER, FORBIDDEN = 1000, 1008
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
OPEN_S = 10.0

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Feed:
    """Where the events are, and which of them."""

    url: str
    """Of the service, such as http://127.0.0.1:8080."""
    key: str
    call_id: str
    types: str | None = None
    samples: bool = False

    def address(self, after: str | None) -> str:
        """The address of the stream from one place on; raises UsageError where the service has none."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise UsageError(f"{self.url!r} is no address of a service", "Write it as http://127.0.0.1:8080.")
        asked = {"after": after, "types": self.types, "samples": "true" if self.samples else None}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        scheme = {"http": "ws", "https": "wss"}[parts.scheme]
        return (
            f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/v1/calls/{quote(self.call_id, safe='')}/events?{query}"
        )


async def follow(feed: Feed, after: str | None, first_wait_s: float = FIRST_WAIT_S) -> AsyncIterator[Event]:
    """Every event until the call is over, each once; a line that breaks is taken up again where it was."""
    wait_s, found = first_wait_s, False
    while True:
        try:
            async with _opened(feed, after) as socket:
                wait_s, found = first_wait_s, True
                async for text in socket:
                    event: Event = json.loads(text)
                    after = str(event["sequence"])
                    yield event
                if socket.close_code == OVER:
                    return
        except InvalidStatus as refused:
            if refused.response.status_code < 500:
                raise _refusal(refused) from refused
        except ConnectionClosed as closed:
            if closed.rcvd is not None and closed.rcvd.code == FORBIDDEN:
                raise LinkError(
                    f"the service closed the stream: {closed.rcvd.reason}", "Ask for a new key."
                ) from closed
        except (OSError, InvalidHandshake, TimeoutError) as fault:
            if not found:
                raise LinkError(f"{feed.url} does not answer ({fault})", "Is `countenance serve` running?") from fault
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def _opened(feed: Feed, after: str | None) -> connect:
    shown = {"Authorization": f"Bearer {feed.key}"}
    return connect(feed.address(after), additional_headers=shown, subprotocols=[PROTOCOL], open_timeout=OPEN_S)


def _refusal(refused: InvalidStatus) -> CountenanceError:
    """What the service says is wrong, in its own words."""
    try:
        problem: Mapping[str, Any] = json.loads(refused.response.body or b"{}")
    except ValueError:
        problem = {}
    status = refused.response.status_code
    return LinkError(str(problem.get("detail", f"the service answers {status}")), str(problem.get("fix", "")))


def line_of(event: Mapping[str, Any]) -> str:
    """An event on one line, for people."""
    kind = str(event["type"]).removeprefix("io.countenance.").removesuffix(".v1")
    who = str(event.get("subject", "")).removeprefix("participants/")
    data: Mapping[str, Any] = event.get("data", {})
    return "  ".join(part for part in (_clock(event), kind, who, _said(kind, data)) if part)


def _clock(event: Mapping[str, Any]) -> str:
    time = str(event.get("time", ""))
    return time[11:19] if time else str(event["sequence"])


def _said(kind: str, data: Mapping[str, Any]) -> str:
    match kind:
        case "consent.changed":
            return f"{data['modality']} {data['status']}"
        case "policy.refused":
            return f"{data['modality']}: {data['rulings'][0]['reason']} [{data['rulings'][0]['citation']}]"
        case "stream.gap":
            return f"{data['lost']} events are kept nowhere any more"
        case "signal.aggregate":
            return f"a group of {data['group']['size']}"
        case "prompt.issued" if "text" in data:
            return f"{data['reason']}: {data['text']}"
        case "prompt.resolved":
            return str(data["outcome"])
    return _estimated(data) if kind.startswith("signal.") else ""


def _estimated(data: Mapping[str, Any]) -> str:
    """A reading with its band, or why there is none."""
    if "abstain" in data:
        return f"not sure: {data['abstain']['reason']}"
    if data.get("probability") is not None:
        low, high = data["interval"]
        return f"{data['label']} {data['probability']:.0%} ({low:.0%} to {high:.0%})"
    scales = [
        f"{name} {one['value']:.2f} ({_span(one['interval'])})" for name, one in data.get("dimensions", {}).items()
    ]
    return ", ".join(scales) or "no state stands out"


def _span(interval: Sequence[float]) -> str:
    return f"{interval[0]:.2f} to {interval[1]:.2f}"
