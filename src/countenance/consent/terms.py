"""What a deployment says of itself to the people it asks: who is responsible, where data goes, how to stop."""

from collections.abc import Mapping

from pydantic import Field

from countenance.inference.tables import Table


class Terms(Table):
    """The table `[terms]` of a deployment."""

    controllers: tuple[str, ...] = Field(min_length=1)
    """Who decides why and how people are read, by name."""
    contact: str = Field(min_length=1)
    """Where a person can write to."""
    data_protection_officer: str | None = None
    recipients: tuple[str, ...] = ()
    """Who else receives readings, by name."""
    storage_locations: tuple[str, ...] = Field(min_length=1)
    transfers: tuple[str, ...] = ()
    """Countries outside, each with the safeguard, such as `Canada (adequacy decision)`."""
    authority: str | None = None
    """The data protection authority a person may complain to."""
    policy_url: str | None = None
    retention_url: str | None = None
    """The public retention policy; Illinois asks for one (740 ILCS 14/15(a))."""
    withdrawal: Mapping[str, str] = Field(default_factory=dict)
    """How to stop, by language; where a language is missing, the notice's own words stand."""
    consent_days: int = Field(default=365, ge=1, le=730)
    """After so many days a yes expires and the person is asked again."""
    log_days: int = Field(default=183, ge=183)
    """How long the log of what was done is kept, where no duty asks for longer."""
