"""`countenance sink test`: send an event that says nothing of anyone, and see what is answered."""

import time
from typing import Annotated, Any

import typer

from countenance.cli.app import sink
from countenance.cli.service import HERE, Key, Service, Url
from countenance.contracts.errors import DeliveryError

LOOK_EVERY_S = 0.25
LOOKS = 160


@sink.command("test", epilog="Example: countenance sink test 3f0c...")
def sink_test(
    sink_id: Annotated[str, typer.Argument(help="The id of the receiver, as `sink list` shows it.", metavar="ID")],
    key: Key,
    url: Url = HERE,
) -> None:
    """Send a test event and print the answer; exit code 1 where it was not taken."""
    service = Service(url, key)
    event_id = service.ask("POST", f"/v1/webhooks/{sink_id}/test")["event_id"]
    for _ in range(LOOKS):
        row = _row(service, sink_id, event_id)
        if row["attempts"]:
            break
        time.sleep(LOOK_EVERY_S)
    if row["status"] != "delivered":
        raise DeliveryError(f"the test event was not taken: {row['problem'] or 'no attempt yet'}", "See `sink list`.")
    typer.echo(f"taken: {row['answer']}, webhook-id {event_id}")


def _row(service: Service, sink_id: str, event_id: str) -> dict[str, Any]:
    items = service.ask("GET", f"/v1/webhooks/{sink_id}/deliveries", limit=200)["items"]
    found: dict[str, Any] = next(row for row in items if row["event_id"] == event_id)
    return found
