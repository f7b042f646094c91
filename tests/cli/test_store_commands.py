"""`countenance store`."""

from pathlib import Path

import pytest
from tests.postgres_server import APPLICATION, OWNER, Server
from typer.testing import CliRunner

from countenance.cli import app, main
from countenance.storage.store import Store


def test_a_database_is_prepared_for_a_role_that_does_not_own_it(postgres: Server) -> None:
    postgres.admin(f"CREATE DATABASE fresh OWNER {OWNER}")
    found = CliRunner().invoke(
        app,
        ["store", "prepare", "--role", APPLICATION],
        env={"COUNTENANCE_OWNER_URL": postgres.url(OWNER, "fresh")},
    )
    assert (found.exit_code, found.stdout) == (0, f"the tables are ready; open the store as {APPLICATION}\n")
    with Store.open(postgres.url(database="fresh"), "acme") as store:
        assert store.tenant == "acme"


def test_a_database_that_is_not_there_is_one_line_on_stderr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = f"postgresql://owner@/store?unix_sock={tmp_path}/.s.PGSQL.5432"
    monkeypatch.setattr("sys.argv", ["countenance", "store", "prepare", missing])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("countenance: the store cannot be prepared")
