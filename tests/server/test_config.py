from pathlib import Path

import pytest

from countenance.contracts.call import Purpose
from countenance.contracts.errors import UsageError
from countenance.server.config import LOCAL, Config
from countenance.server.configfile import DEFAULT, MASK, load

URL = "postgresql://app:hunter2@db/countenance"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(folder: Path, text: str) -> Path:
    path = folder / "set" / "countenance.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_without_any_file_everything_is_a_default() -> None:
    loaded = load(None, {"PATH": "x", "COUNTENANCE_SHARED": "y"})
    assert loaded.config == Config()
    assert {origin for _, _, origin in loaded.shown()} == {DEFAULT}
    assert list(loaded.config.tenants) == [LOCAL]


def test_the_environment_goes_before_the_file_and_a_flag_before_both(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\nhost = '0.0.0.0'\nport = 1\n[log]\nlevel = 'error'\n")
    loaded = load(path, {"COUNTENANCE__SERVER__PORT": "2", "COUNTENANCE__SERVER__HOST": "::1"}, {"server.port": 3})
    assert (loaded.config.server.host, loaded.config.server.port, loaded.config.log.level) == ("::1", 3, "error")
    origins = {key: origin for key, _, origin in loaded.shown()}
    assert origins["server.port"] == "the command line"
    assert origins["server.host"] == "COUNTENANCE__SERVER__HOST"
    assert origins["log.level"] == str(path)
    assert origins["log.form"] == DEFAULT


def test_a_file_beside_us_or_in_a_variable_is_found(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\nport = 7\n")
    assert load(None, {"COUNTENANCE_CONFIG": str(path)}).config.server.port == 7
    (tmp_path / "countenance.toml").write_text("[server]\nport = 8\n", encoding="utf-8")
    assert load(None, {}).config.server.port == 8


def test_a_flag_that_says_nothing_changes_nothing() -> None:
    assert load(None, {}, {"server.port": None}).origins == {}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("COUNTENANCE__SERVR__PORT", "Did you mean COUNTENANCE__SERVER?"),
        ("COUNTENANCE__SERVER__PROT", "Did you mean COUNTENANCE__SERVER__PORT?"),
        ("COUNTENANCE__TENANT__ACME__PURPOS", "Did you mean COUNTENANCE__TENANT__ACME__PURPOSE?"),
        ("COUNTENANCE__SERVER__PORT__DEEP", "server.port is no table"),
    ],
)
def test_an_unknown_variable_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(None, {name: "1"})
    assert name in caught.value.problem
    assert nearest in caught.value.diagnosis


def test_an_unknown_key_of_the_file_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown key 'prot'.*Did you mean port\?"):
        load(written(tmp_path, "[server]\nprot = 1\n"), {})


def test_whoever_said_what_is_wrong_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\nport = 1\n[deployment]\njurisdictions = ['CA']\n")
    with pytest.raises(UsageError, match=r"^COUNTENANCE__SERVER__PORT: server.port: .*integer"):
        load(path, {"COUNTENANCE__SERVER__PORT": "x"})
    with pytest.raises(UsageError, match=r"^the command line: server.port: "):
        load(path, {}, {"server.port": 70_000})
    with pytest.raises(UsageError, match=r"^\S+countenance.toml: deployment.jurisdictions: .*[^.]\. See docs"):
        load(path, {})
    with pytest.raises(UsageError, match=r"^COUNTENANCE__SERVER__TLS_KEY: server: TLS needs"):
        load(None, {"COUNTENANCE__SERVER__TLS_KEY": "key.pem"})
    with pytest.raises(UsageError, match=r"^COUNTENANCE__TENANT: tenant: a table is wanted"):
        load(None, {"COUNTENANCE__TENANT": "x"})


def test_a_list_in_a_variable_is_written_as_in_toml() -> None:
    found = load(None, {"COUNTENANCE__DEPLOYMENT__JURISDICTIONS": '["EU", "UK"]'}).config
    assert found.deployment.jurisdictions == ("EU", "UK")
    with pytest.raises(UsageError, match="not valid TOML"):
        load(None, {"COUNTENANCE__DEPLOYMENT__JURISDICTIONS": "[EU"})
    with pytest.raises(UsageError, match=r"^COUNTENANCE__DEPLOYMENT__JURISDICTIONS: .* a list is wanted, such as \["):
        load(None, {"COUNTENANCE__DEPLOYMENT__JURISDICTIONS": "EU"})


def test_a_fact_of_a_tenant_can_be_a_variable() -> None:
    environ = {"COUNTENANCE__TENANT__ACME__FACTS__MINOR": "adult", "COUNTENANCE__TENANT__ACME__PURPOSE": "support_qa"}
    loaded = load(None, environ)
    acme = loaded.config.tenants["acme"]
    assert (acme.facts, acme.purpose) == ({"minor": "adult"}, Purpose.SUPPORT_QA)
    origins = {key: origin for key, _, origin in loaded.shown()}
    assert origins["tenant.acme.facts"] == "COUNTENANCE__TENANT__ACME__FACTS__MINOR"


def test_a_secret_in_the_file_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data\.url is a secret.*COUNTENANCE__DATA__URL") as caught:
        load(written(tmp_path, f"[data]\nurl = '{URL}'\n"), {})
    assert "hunter2" not in caught.value.diagnosis


def test_a_secret_comes_from_the_environment_or_from_a_file_and_is_masked(tmp_path: Path) -> None:
    secret = tmp_path / "set" / "url.txt"
    path = written(tmp_path, "[data]\nurl_file = 'url.txt'\n")
    secret.write_text(URL + "\n", encoding="utf-8")
    for loaded in (load(path, {}), load(None, {"COUNTENANCE__DATA__URL": URL})):
        assert loaded.config.data.url is not None
        assert loaded.config.data.url.get_secret_value() == URL
        assert {key: value for key, value, _ in loaded.shown()}["data.url"] == MASK
        assert "hunter2" not in repr(loaded)


def test_a_secret_given_twice_or_in_a_missing_file_is_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, "[data]\nurl_file = 'url.txt'\n")
    with pytest.raises(UsageError, match="url and url_file are both given"):
        load(path, {"COUNTENANCE__DATA__URL": URL})
    with pytest.raises(UsageError, match=r"url\.txt cannot be read"):
        load(path, {})


def test_paths_in_a_file_are_relative_to_its_folder(tmp_path: Path) -> None:
    text = "[data]\nfolder = 'kept'\n[tenant.acme]\noverlays = ['own.toml']\n[tenant.acme.models]\npaths = ['m']\n"
    config = load(written(tmp_path, text), {}).config
    assert config.data.folder == tmp_path / "set" / "kept"
    assert config.tenants["acme"].overlays == (tmp_path / "set" / "own.toml",)
    assert config.tenants["acme"].models.paths == (tmp_path / "set" / "m",)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[deployment]\npurpose = 'support_qa'\n[tenant.acme]\n", "exclude each other"),
        ("[tenant.ACME]\n", "no name of a tenant"),
        ("[server]\ntls_key = 'k'\n", "TLS needs tls_certificate and tls_key"),
        ("[deployment]\njurisdictions = ['EUU']\n", r"unknown jurisdiction 'EUU'\. Did you mean EU\?"),
        ("[deployment]\npurpose = 'support'\n", "unknown purpose 'support'"),
        ("[webhooks]\nallow = ['10.0.0.1/8']\n", "has host bits set"),
        ("server = 3\n", "server"),
        ("[server]\nport = 70000\n", "less than or equal to 65535"),
    ],
)
def test_what_cannot_be_is_an_error_that_names_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        load(written(tmp_path, text), {})


def test_networks_and_hosts_can_be_allowed() -> None:
    config = Config.model_validate({"webhooks": {"allow": ["crm.internal", "10.0.0.0/8", "fd00::/8"]}})
    assert len(config.webhooks.allow) == 3


def test_a_variable_cannot_stand_below_a_value(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="server is no table in the file"):
        load(written(tmp_path, "server = 3\n"), {"COUNTENANCE__SERVER__PORT": "1"})
