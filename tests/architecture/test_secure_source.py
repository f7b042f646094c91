"""What the sources of a running service never do, whatever comes in."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from countenance.capture.plainrtp import KEY_BYTES as SRTP
from countenance.server.keys import SHAPE
from countenance.storage.sealing import KEY_BYTES, NONCE_BYTES, SALT_BYTES

ELSEWHERE = ("training/", "testing/")
"""Rooms that are in no running service: training reads pickles of published corpora, after their hash."""
RUNS = frozenset({"eval", "exec", "compile", "__import__"})
READS_CODE = frozenset({"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle", "yaml"})
XML = frozenset({"xml", "lxml", "defusedxml", "xmltodict", "bs4"})
ARCHIVES = frozenset({"zipfile", "tarfile", "gzip", "bz2", "lzma", "zlib", "shutil.unpack_archive"})
PATTERNS = frozenset({"compile", "match", "search", "fullmatch", "sub", "subn", "findall", "finditer", "split"})
DATABASE = frozenset({"execute", "executemany", "executescript"})
MARKUP = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write|setHTMLUnsafe)\b"
    r"|\beval\(|new Function\(|javascript:|postMessage|document\.cookie|document\.domain"
)
SECRETS = re.compile(
    r"ctn_[0-9a-f]{16}_[0-9a-f]{64}|BEGIN [A-Z ]*PRIVATE KEY|whsec_[A-Za-z0-9+/]{32,}|AKIA[0-9A-Z]{16}"
)


@pytest.fixture(scope="module")
def modules(root: Path) -> dict[str, ast.Module]:
    """Every module of a running service by its place."""
    found = {}
    for path in sorted((root / "src" / "countenance").rglob("*.py")):
        place = path.relative_to(root / "src" / "countenance").with_suffix("").as_posix()
        if not place.startswith(ELSEWHERE):
            found[place] = ast.parse(path.read_text(encoding="utf-8"))
    assert len(found) > 300
    return found


def calls(tree: ast.Module) -> Iterator[tuple[str, str, ast.Call]]:
    """Every call: what is called, on what, and the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, ast.unparse(node.func.value), node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, "", node


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name.split(".")[0] for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]


def fixed(node: ast.expr) -> bool:
    """Whether a text is written in the source: parts that are put in are constants, by their name or module."""
    match node:
        case ast.Constant():
            return True
        case ast.JoinedStr():
            return all(fixed(one.value if isinstance(one, ast.FormattedValue) else one) for one in node.values)
        case ast.BinOp():
            return fixed(node.left) and fixed(node.right)
        case ast.Name():
            return node.id.isupper()
        case ast.Attribute():
            return node.attr.isupper()
        case ast.Call():
            return ast.unparse(node.func) in ("re.escape", "'|'.join", "', '.join", "len")
    return False


def test_nothing_that_comes_in_is_run_or_unpickled(modules: dict[str, ast.Module]) -> None:
    for place, tree in modules.items():
        ran = {name for name, on, _ in calls(tree) if name in RUNS and not on}
        assert not ran | (set(imports(tree)) & READS_CODE), place


def test_no_command_goes_through_a_shell(modules: dict[str, ast.Module]) -> None:
    for place, tree in modules.items():
        for name, on, call in calls(tree):
            assert name not in ("create_subprocess_shell", "popen", "getoutput", "getstatusoutput"), place
            assert (on, name) != ("os", "system"), place
            assert not any(word.arg == "shell" for word in call.keywords), place


def test_no_xml_is_parsed(modules: dict[str, ast.Module]) -> None:
    assert not {place: found for place, tree in modules.items() if (found := set(imports(tree)) & XML)}


def test_no_archive_is_unpacked(modules: dict[str, ast.Module]) -> None:
    using = {place for place, tree in modules.items() if set(imports(tree)) & ARCHIVES}
    # A pack of papers is written; a table of scores is read by numpy, on the command line.
    assert using == {"server/proofs", "evaluation/scores"}
    for place in using:
        assert not {name for name, _, _ in calls(modules[place])} & {"extract", "extractall", "unpack_archive"}


def test_no_pattern_is_made_of_what_comes_in(modules: dict[str, ast.Module]) -> None:
    for place, tree in modules.items():
        for name, on, call in calls(tree):
            if on == "re" and name in PATTERNS:
                assert fixed(call.args[0]), (place, ast.unparse(call))


def test_no_statement_of_sql_holds_a_value(modules: dict[str, ast.Module]) -> None:
    """Values go as parameters; what is put into a statement is a constant of the source or the name of a table."""
    for place, tree in modules.items():
        for name, _, call in calls(tree):
            if name in DATABASE and call.args and isinstance(call.args[0], ast.JoinedStr):
                put = [one.value for one in call.args[0].values if isinstance(one, ast.FormattedValue)]
                assert place.startswith("storage/"), place
                for one in put:
                    assert fixed(one) or "name" in ast.unparse(one) or ast.unparse(one) in TRUSTED, (place, put)


TRUSTED = frozenset({"pragma", "version", "to"})
"""What statements of the storage hold beside constants: settings and numbers of forms, which are the program's own."""


def test_templates_are_files_of_the_package_and_escape(modules: dict[str, ast.Module]) -> None:
    made = 0
    for place, tree in modules.items():
        for name, _, call in calls(tree):
            if name == "Environment" and "jinja2" in set(imports(tree)):
                made += 1
                assert any(word.arg == "autoescape" for word in call.keywords), place
            if name == "from_string":
                # The one template that is read by itself lies in the package.
                assert (place, ast.unparse(call.args[0])) == ("control/export", "template.read_text(encoding='utf-8')")
    assert made >= 4


def test_random_numbers_that_nobody_may_guess_come_from_the_system(modules: dict[str, ast.Module]) -> None:
    using = {place for place, tree in modules.items() if "random" in set(imports(tree))}
    assert using == {"control/delivery"}, "jitter alone; everything else is drawn by secrets or os.urandom"


def test_every_key_has_the_strength_of_128_bits_at_least() -> None:
    assert KEY_BYTES * 8 >= 256
    assert SALT_BYTES * 8 >= 128
    assert NONCE_BYTES * 8 == 96
    assert SRTP * 8 >= 128
    assert SHAPE.fullmatch(f"ctn_{'0' * 16}_{'0' * 64}")


def test_no_secret_stands_in_the_repository(root: Path) -> None:
    looked = 0
    for folder in ("src", "docs", "schema", "clients", "bench", "research"):
        for path in (root / folder).rglob("*"):
            kind = path.suffix in (".py", ".md", ".toml", ".json", ".js", ".ts", ".mjs", ".html", ".j2")
            if kind and "node_modules" not in path.parts and path.is_file():
                looked += 1
                assert not SECRETS.search(path.read_text(encoding="utf-8")), path
    assert looked > 500


def scripts(root: Path) -> Iterator[Path]:
    yield from (root / "src" / "countenance" / "server" / "static").glob("*.js")
    yield from (root / "clients" / "web" / "src").rglob("*.ts")
    yield from (root / "clients" / "verify" / "src").rglob("*.mjs")


def test_pages_make_no_markup_and_take_no_messages(root: Path) -> None:
    looked = list(scripts(root))
    assert len(looked) > 60
    for path in looked:
        assert not MARKUP.search(path.read_text(encoding="utf-8")), path


def test_browser_storage_holds_the_form_of_a_page_and_nothing_else(root: Path) -> None:
    stored = re.compile(r"(?:localStorage|sessionStorage)\.(?:set|get)Item\(([^,)]*)")
    found = {key for path in scripts(root) for key in stored.findall(path.read_text(encoding="utf-8"))}
    assert found == {'"countenance.wall.form"'}
    for path in scripts(root):
        assert "indexedDB" not in path.read_text(encoding="utf-8"), path
