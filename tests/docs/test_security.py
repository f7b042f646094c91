"""The page on security says what the code does."""

import ast
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from countenance.capture.recording import LARGEST_PIXELS
from countenance.consent.retention import LEAST_LOG_DAYS
from countenance.server.api.events import CHECK_S
from countenance.server.config import LimitsTable
from countenance.server.scopes import Scope
from countenance.server.tokens import LONGEST, USUAL_LIFE

CRYPTOGRAPHY = frozenset({"cryptography", "hashlib", "hmac", "jwt", "secrets", "ssl"})
ELSEWHERE = ("training/", "testing/")
"""Rooms that are in no running service."""
WEAK = frozenset({"md5", "sha1", "ECB", "CBC", "ARC4", "TripleDES", "Blowfish", "PKCS1v15", "DES"})
WORDS = (*CRYPTOGRAPHY, "httpx", "websockets", "urllib.request", "http.client", "logging.", *WEAK)


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "security.md").read_text(encoding="utf-8")


def part(page: str, title: str) -> str:
    return page.split(f"\n## {title}\n")[1].split("\n## ")[0]


@cache
def sources(root: Path) -> Sequence[tuple[str, ast.Module]]:
    """Every module of a running service that may concern us, by its place."""
    paths = sorted((root / "src" / "countenance").rglob("*.py"))
    named = ((path.relative_to(root / "src" / "countenance").with_suffix("").as_posix(), path) for path in paths)
    kept = ((place, path.read_text(encoding="utf-8")) for place, path in named if not place.startswith(ELSEWHERE))
    return [(place, ast.parse(text)) for place, text in kept if any(word in text for word in WORDS)]


def imported(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{one.name}" for one in node.names}
    return found


def test_every_module_that_uses_cryptography_is_in_the_inventory(page: str, root: Path) -> None:
    using = {place for place, tree in sources(root) if {one.split(".")[0] for one in imported(tree)} & CRYPTOGRAPHY}
    named = set(re.findall(r"`([a-z]+(?:/[a-z_]+)+|deployment)`", part(page, "Cryptography")))
    assert named == using | {"surface/webhooks"}


def test_no_weak_algorithm_is_used_for_anything_secret(page: str, root: Path) -> None:
    used = {
        (place, node.attr if isinstance(node, ast.Attribute) else node.id)
        for place, tree in sources(root)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Name) and getattr(node, "attr", getattr(node, "id", "")) in WEAK
    }
    assert used == {("inference/pull", "sha1")}
    assert "| SHA-1 | `inference/pull` |" in part(page, "Cryptography")


def test_every_limit_is_told_with_its_default(page: str) -> None:
    said = part(page, "What comes in")
    for name, one in LimitsTable.model_fields.items():
        (row,) = [line for line in said.splitlines() if f"`{name}`" in line]
        assert re.search(rf"\b{one.default:,.0f}\b", row), row
    assert f"{LARGEST_PIXELS:,} pixels" in said


def test_lifetimes_are_those_of_the_code(page: str) -> None:
    said = part(page, "Ways in")
    assert f"{USUAL_LIFE.seconds // 3600} hours unless asked otherwise, {LONGEST.seconds // 3600} at most" in said
    assert f"every {CHECK_S} seconds" in said
    assert f"{LEAST_LOG_DAYS} days at least" in part(page, "Kinds of data")


def test_every_way_in_is_told_and_so_is_every_scope(page: str, root: Path) -> None:
    said = part(page, "Ways in")
    rows = {line.split("|")[1].strip() for line in said.splitlines() if line.startswith("| ")}
    assert rows == {
        "credential", "API key", "participant token", "reviewer token", "session of the pages", "LiveKit webhook",
        "media worker",
    }  # fmt: skip
    assert "no accounts, passwords or default users" in said
    routes = (root / "docs" / "api.md").read_text(encoding="utf-8") + (root / "docs" / "serve.md").read_text("utf-8")
    for scope in Scope:
        assert f"`{scope}`" in routes or scope is Scope.PARTICIPANT, scope


def test_every_address_that_can_be_configured_is_a_connection(page: str) -> None:
    said = part(page, "Whom it speaks to")
    for key in ("data.url", "livekit.url", "otel.endpoint", "media.servers", "media.ice_servers", "webhooks.allow"):
        assert f"`{key}`" in said, key


def test_only_known_modules_open_connections(root: Path) -> None:
    """Media servers, webhooks, witnesses and hubs; commands and the demo ask the service itself."""
    clients = ("httpx", "websockets.asyncio.client", "urllib.request", "http.client")
    asking = {place for place, tree in sources(root) if any(one.startswith(clients) for one in imported(tree))}
    assert {place for place in asking if not place.startswith(("cli/", "server/demo/"))} == {
        "audit/remote", "audit/witness_http", "capture/januswire", "capture/rooms", "capture/sidecar", "inference/hub",
        "server/sending",
    }  # fmt: skip


def test_logs_go_to_stderr_under_names_of_ours(page: str, root: Path) -> None:
    said = part(page, "Logs")
    assert "on stderr" in said
    for place, tree in sources(root):
        handlers = [one for one in imported(tree) if one.startswith("logging.") and "Handler" in one]
        assert not handlers or place == "link/logs", place


def test_every_kind_of_data_has_a_rule_and_packages_a_time(page: str) -> None:
    rows = [line for line in part(page, "Kinds of data").splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 6
    assert all(len(row.split("|")) == 5 and row.split("|")[3].strip() for row in rows)
    assert re.search(r"within 7 days, a high one within 30", part(page, "Packages"))
    assert "two children at a time, 180 seconds each" in part(page, "What costs much")
