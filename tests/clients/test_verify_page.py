"""The page is made of the verifier's modules, in one file that allows nothing but itself."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from countenance.cli.app import app
from countenance.surface import verify_page as made
from countenance.surface.verify_page import CHECKOUT, PageError, bundle, verify_page


def test_the_page_is_complete_in_itself() -> None:
    page = verify_page()
    assert "{{" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"\b(?:src|href)=", re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL))
    assert not re.search(r"^(?:import|export) ", page, flags=re.MULTILINE)
    assert "<script" not in page[page.index("<script") + 1 :]


def test_its_policy_allows_this_script_and_this_style_and_nothing_else() -> None:
    page = verify_page()
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0]
    assert policy.startswith("default-src 'none'; ")
    for tag, mark in (("script", 'script type="module"'), ("style", "style")):
        inside = re.findall(rf"<{mark}>(.*?)</{tag}>", page, flags=re.DOTALL)[0]
        assert f"{tag}-src 'sha256-{b64encode(sha256(inside.encode()).digest()).decode()}'" in policy


def test_what_a_module_needs_comes_before_it_and_once() -> None:
    script = bundle(CHECKOUT, "page/page.mjs")
    names = re.findall(r"^const (\$\w+) = \(\(\) => \{$", script, flags=re.MULTILINE)
    assert len(names) == len(set(names))
    assert names[-1] == "$page_page"
    for at, name in enumerate(names):
        body = script.split(f"const {name} = ")[1].split("\n})();")[0]
        used = re.findall(r"^const \{[^}]*\} = (\$\w+);$", body, flags=re.MULTILINE)
        assert set(used) <= set(names[:at])


def test_the_modules_of_node_are_not_in_the_page() -> None:
    assert "node:" not in bundle(CHECKOUT, "page/page.mjs")


def test_an_installation_without_the_verifier_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PageError, match="not part of this installation"):
        verify_page(tmp_path)
    monkeypatch.setattr(made, "PACKAGED", CHECKOUT)
    assert verify_page() == verify_page(CHECKOUT)


def test_the_command_puts_the_page_beside_a_log(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["audit", "page", "--out", str(tmp_path / "verify")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "verify/index.html").read_text(encoding="utf-8") == verify_page()
