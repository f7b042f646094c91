"""What a LiveKit server says of its rooms, as far as it concerns calls that run: nothing is joined because of it."""

from collections.abc import Iterator, Mapping

from countenance.capture.livekitaccess import LivekitAccess, RoomNews, issuer_of, variables
from countenance.contracts.errors import UnauthenticatedError, UsageError
from countenance.server.calls import LiveCalls
from countenance.server.config import Config
from countenance.server.live import LIVE, LiveCall

ROOM = "livekit"
STRANGER = ("a LiveKit webhook that no server of ours signed", "Use the pair of keys of [livekit] at both ends.")


def access_of(config: Config, name: str, environ: Mapping[str, str]) -> LivekitAccess | None:
    """The server and keys of a tenant, from its configuration or from the environment; None where it has none."""
    tenant = name if config.tenant else ""
    table = config.livekit_of(name)
    secret = None if table.secret is None else table.secret.get_secret_value()
    given = zip(variables(tenant), (table.url, table.key, secret), strict=True)
    said = {key: value for key, value in given if value is not None}
    try:
        return LivekitAccess.of({**environ, **said}, tenant)
    except UsageError:
        return None


def tenant_of(config: Config, authorization: str, environ: Mapping[str, str]) -> tuple[str, LivekitAccess]:
    """Whose server signed a webhook, as it says itself; raises UnauthenticatedError where it is nobody's."""
    issuer = issuer_of(authorization)
    for name in config.tenants:
        access = access_of(config, name, environ)
        if access is not None and access.key == issuer:
            return name, access
    raise UnauthenticatedError(*STRANGER)


async def heard(calls: LiveCalls, news: RoomNews) -> None:
    """Let the calls in this room know; the same news twice change nothing."""
    for live in tuple(_in_room(calls, news.room)):
        match news.kind:
            case "room_started":
                await calls.resume(live.id)
            case "room_finished":
                await calls.end(live.id)
            case "participant_joined" if (who := _seat(live, news.identity)) is not None and live.is_newest(who, news):
                calls.back(live.id, who)
            case "participant_left" if (who := _seat(live, news.identity)) is not None and live.is_newest(who, news):
                await calls.leave(live.id, who)


def _in_room(calls: LiveCalls, room: str) -> Iterator[LiveCall]:
    for live in calls.all():
        if live.state == LIVE and live.source.get("kind") == ROOM and live.source.get("room") == room:
            yield live


def _seat(live: LiveCall, identity: str | None) -> str | None:
    """The participant whom the room calls so: by the deployment's own id of the person, or by ours."""
    for seat in live.running.seats.values():
        if identity in (seat.person, seat.participant_id):
            return seat.participant_id
    return None
