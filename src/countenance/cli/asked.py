"""A file that says what is read: of one recorded call, as `analyze` takes it, or of a service, a countenance.toml."""

from pathlib import Path
from typing import TYPE_CHECKING

from countenance.contracts.errors import UsageError

if TYPE_CHECKING:
    from countenance.deployment import Deployment


def is_of_a_service(path: Path) -> bool:
    """Whether a file configures a service; who is on a call, and what for, stands at the top of the other kind."""
    from countenance.inference.tables import read_toml

    return not read_toml(path).keys() & {"purpose", "participant"}


def deployment_in(path: Path, tenant: str | None) -> "Deployment":
    """The deployment of either; of a service, one person of each role. Raises UsageError where no tenant is named."""
    from countenance.deployment import read_deployment
    from countenance.inference.tables import near
    from countenance.server.configfile import load
    from countenance.server.public import as_deployment

    if not is_of_a_service(path):
        return read_deployment(path)
    tenants = load(path, {}).config.tenants
    name = tenant or (next(iter(tenants)) if len(tenants) == 1 else "")
    if name not in tenants:
        raise UsageError(f"{path}: which tenant is meant is not said", f"Give --tenant. {near(name, tenants)}")
    return as_deployment(tenants[name])
