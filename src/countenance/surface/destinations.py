"""Where a webhook may go: public addresses alone, unless the operator lists others; the address is pinned when sent."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from countenance.contracts.errors import DeliveryError, UsageError

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

HTTPS = 443
LARGEST_PORT = 65_535
LONGEST = 2_048

# Not a URL parser: only what is spelt plainly passes, so that no two programs can read it differently.
SPELLING = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?)?",
    re.ASCII,
)
LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LIKE_A_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label that some programs read as part of an IPv4 address (WHATWG URL, section 3.5)."""
INWARD = (
    "localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "private", "default", "svc",
    "arpa", "onion", "test", "invalid",
)  # fmt: skip
"""Last labels that name nothing on the public internet."""

CLOSED = tuple(
    map(
        ip_network,
        (
            # IANA special-purpose registries; then the public address of a cloud's metadata service.
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
            "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16",
            "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32",
            "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        ),
    )
)  # fmt: skip
UNICAST = IPv6Network("2000::/3")
"""The only IPv6 addresses that are public; all that embed an IPv4 address lie outside or are closed above."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator allows beyond public addresses, https and port 443."""

    networks: tuple[Network, ...] = ()
    """Here plain http is allowed too."""
    names: tuple[str, ...] = ()
    """Host names that may be inward or of one label; their addresses are checked all the same."""
    ports: tuple[int, ...] = ()

    @classmethod
    def of(cls, entries: Iterable[str], ports: Iterable[int] = ()) -> "Allowed":
        """Read `10.1.0.0/16`, `10.1.2.3` and `hooks.internal`; raises UsageError."""
        networks: list[Network] = []
        names: list[str] = []
        for entry in entries:
            try:
                networks.append(ip_network(entry))
            except ValueError:
                if not all(map(LABEL.fullmatch, entry.split("."))) or LIKE_A_NUMBER.fullmatch(entry.split(".")[-1]):
                    raise UsageError(f"{entry!r} is no network and no name", "Write 10.1.0.0/16 or a host.") from None
                names.append(entry)
        return cls(tuple(networks), tuple(names), tuple(ports))


@dataclass(frozen=True, slots=True)
class Destination:
    """A place that webhooks may be sent to, if its addresses allow it."""

    scheme: str
    host: str
    """Lower case; an IPv6 address without its brackets."""
    port: int
    path: str
    """With its query, beginning with a slash."""
    allowed: Allowed

    @property
    def authority(self) -> str:
        """Host and port as the Host header says them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = HTTPS if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"

    def pinned(self, address: Address) -> str:
        """The URL with the address in place of the name; Host header and TLS still say the name."""
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"

    def check(self, addresses: Sequence[str]) -> Sequence[Address]:
        """All addresses of the host, every one of which may be sent to; raises DeliveryError."""
        if not addresses:
            raise DeliveryError(f"{self.host} has no address", "Check the name.")
        found = []
        for text in addresses:
            address = _address(text)
            listed = address is not None and any(address in net for net in self.allowed.networks)
            if address is None or not (listed or is_public(address)):
                raise DeliveryError(
                    f"{self.host} leads to an address that is not public",
                    "List it in [webhooks] allow, if it is yours.",
                )
            if self.scheme == "http" and not listed:
                raise DeliveryError(f"{self.host} is addressed without TLS", "Use https.")
            found.append(address)
        return tuple(found)


def destination(url: str, allowed: Allowed) -> Destination:
    """Where a URL leads, as far as its spelling tells; raises UsageError for what could be read in two ways."""
    spelt = SPELLING.fullmatch(_lower(url)) if len(url) <= LONGEST else None
    if spelt is None:
        raise UsageError(
            "the URL of a webhook is not spelt plainly",
            "Write https://host/path in ASCII (names as xn--...), without user, fragment, spaces or a zone.",
        )
    scheme, host = spelt["scheme"], spelt["host"].strip("[]")
    port = int(spelt["port"] or (HTTPS if scheme == "https" else 80))
    if scheme == "http" and not allowed.networks:
        raise UsageError("webhooks go by https", "Use https, or list its network in [webhooks] allow.")
    if port > LARGEST_PORT or port not in (HTTPS, *allowed.ports):
        raise UsageError(f"port {port} is not allowed for webhooks", "Use 443, or list it in [webhooks] ports.")
    found = Destination(scheme, host, port, _path(url), allowed)
    _check_host(found)
    return found


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet."""
    if address.version == 6 and (address not in UNICAST or address.scope_id is not None):
        return False
    return not any(address in net for net in CLOSED)


def _lower(url: str) -> str:
    """The URL with scheme and authority in lower case, where ASCII has one; the path as it is."""
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    return (scheme + mark + authority).lower() + slash + path if url.isascii() else ""


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]


def _check_host(found: Destination) -> None:
    """Raise UsageError for a host that no address of the public internet can belong to."""
    literal = _address(found.host)
    if literal is not None:
        try:
            found.check([found.host])
        except DeliveryError as fault:
            raise UsageError(fault.problem, fault.remedy) from fault
        return
    labels = found.host.split(".")
    if ":" in found.host or LIKE_A_NUMBER.fullmatch(labels[-1]) or not all(map(LABEL.fullmatch, labels)):
        raise UsageError(f"{found.host!r} is no name and no plain address", "Write the name, or four plain numbers.")
    if found.host not in found.allowed.names and (len(labels) == 1 or labels[-1] in INWARD):
        raise UsageError(f"{found.host} names nothing on the public internet", "List the name, if it is yours.")


def _address(text: str) -> Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None
