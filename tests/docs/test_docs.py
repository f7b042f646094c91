"""What the docs show is run; what they state is measured."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bench.figures import PAGE, page

from countenance.testing.sample_call.make import SampleCall

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
REFUSED = "policy explain --purpose support_qa --role agent"


def commands() -> list[tuple[str, str]]:
    """Every `countenance ...` command in a shell block, with the page it stands on."""
    found = []
    for path in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL):
            joined = block.replace("\\\n", " ")
            found += [(path.name, line.strip()) for line in joined.splitlines() if "countenance " in line]
    return found


def test_the_docs_show_commands() -> None:
    assert len(commands()) >= 5


def test_every_page_has_its_picture_and_every_picture_is_shown() -> None:
    templates = ROOT / "src/countenance/server/templates"
    pages = {one.name.removesuffix(".html.j2") for one in templates.glob("*.html.j2")} - {"base"}
    parts = {one.replace("_compliance_decide", "compliance").replace("_", "-").strip("-") for one in pages}
    taken = {one.stem.removesuffix("-light") for one in (ROOT / "docs/screens").glob("*-light.png")}
    assert parts <= taken
    text = "".join(one.read_text(encoding="utf-8") for one in PAGES)
    assert [one for one in sorted(taken) if f"screens/{one}-light.png" not in text] == []


@pytest.fixture(scope="module")
def desk(sample_call: SampleCall, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the docs speak of."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copy(sample_call.media["Ana"], folder / "ana.mp4")
    shutil.copy(sample_call.media["Ben"], folder / "ben.mp4")
    shutil.copy(sample_call.transcript, folder / "call.vtt")
    for shown in PAGES:
        blocks = re.findall(r"```toml\n# (\w+\.toml)\n(.*?)```", shown.read_text(encoding="utf-8"), flags=re.DOTALL)
        for name, text in blocks:
            (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(("where", "command"), commands(), ids=[f"{w}: {c[:60]}" for w, c in commands()])
def test_a_command_in_the_docs_does_what_it_says(where: str, command: str, desk: Path) -> None:
    words = shlex.split(command.partition("#")[0])
    assert words[0] in ("countenance", ".venv/bin/countenance")
    program = [sys.executable, "-c", "from countenance.cli import main; main()", *words[1:]]
    done = subprocess.run(
        program, cwd=desk, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"}, check=False
    )
    assert done.returncode == (3 if REFUSED in command else 0), done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_of_figures_is_what_the_command_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_link_in_the_docs_leads_somewhere() -> None:
    for path in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]:
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_figures_are_stated_in_one_place_only() -> None:
    for path in PAGES:
        if path.name not in ("figures.md", "training.md"):
            found = re.search(
                r"(?:accuracy|macro-F1|UAR|recall|AUC) (?:of )?0?\.\d\d", path.read_text(encoding="utf-8")
            )
            assert found is None, f"{path.name}: {found}"


def test_make_offers_the_two_commands_of_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "\ndemo:" in makefile
    assert "\ntest:" in makefile


def test_every_training_command_in_the_docs_exists() -> None:
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    named = set(re.findall(r"countenance train ([a-z]+) --recipe ([a-z0-9-]+)", text))
    assert {kind for kind, _ in named} >= {"face", "voice", "text"}
    for kind, recipe in named:
        shipped = ROOT / "src/countenance/training/recipes" / f"{recipe}.toml"
        assert f'kind = "{kind}"' in shipped.read_text(encoding="utf-8")
        assert (ROOT / "src/countenance/cli" / f"train_{kind}.py").is_file()
