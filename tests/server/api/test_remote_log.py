"""A verifier elsewhere reads the log from the service itself, with a key that may see nothing else."""

from pathlib import Path

import pytest
from tests.server.api.scene import Scene
from tests.server.api.served import serving

from countenance.audit.quorum import Policy
from countenance.audit.remote import LogServer
from countenance.audit.verify import verify
from countenance.contracts.errors import AuditError
from countenance.server.scopes import Position, Scope


def test_a_log_is_verified_without_its_store(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    log = scene.one.tenant.log
    log.append_all([("CONFIG", {"config_digest": f"{number:064x}"}) for number in range(300)])
    key = scene.key(Position.COMPLIANCE, scopes=frozenset({Scope.AUDIT}))["Authorization"].removeprefix("Bearer ")
    with serving(scene.app) as url:
        served = LogServer(f"{url}/v1/audit", key)
        assert served.minimum() == 0
        point = served.checkpoint()
        # The log grows while it is read; what is checked is the state that was signed first.
        log.append_all([("CONFIG", {"config_digest": "0" * 64})] * 300)
        report = verify(served, Policy.trusting(log.key.verifier), completeness=True)
        assert (served.checkpoint(), report.findings) == (point, ())
        assert report.entries == report.point.size == log.size - 300
        served.close()
        stranger = LogServer(f"{url}/v1/audit")
        with pytest.raises(AuditError, match="is answered with 401"):
            stranger.checkpoint()
        stranger.close()
