"""The house rules that no linter knows: sizes, names, words."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*(ROOT / "src").rglob("*.py"), *(ROOT / "research").rglob("*.py"), *(ROOT / "bench").rglob("*.py")])
PRODUCT = [path for path in SOURCES if path.is_relative_to(ROOT / "src")]
MAX_FILE, MAX_FUNCTION, MAX_PARAMETERS = 300, 50, 7
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
NAMES = {"utils", "helpers", "manager", "base", "core", "common", "misc"}


def test_there_are_sources_to_check() -> None:
    assert len(PRODUCT) > 30


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_stays_small_and_well_named(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE
    assert path.stem not in NAMES


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_functions_stay_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION, f"{node.name} has {length} lines"
            if path.parent.name != "cli":
                count = len(node.args.args) + len(node.args.kwonlyargs) - (node.args.args[:1] != [] and _is_self(node))
                assert count <= MAX_PARAMETERS, f"{node.name} takes {count} parameters"


def _is_self(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return bool(node.args.args) and node.args.args[0].arg in ("self", "cls")


def test_the_session_stays_readable_in_one_sitting() -> None:
    assert len((ROOT / "src/countenance/session.py").read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize(
    "path",
    [p for p in (ROOT / "src").rglob("*") if p.suffix in {".py", ".toml", ".j2", ".js", ".css", ".json"}],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_no_file_claims_to_read_an_inner_state(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.name in ("tokenizer.json", "model.onnx"):
        return
    found = re.search(
        r"\bfeels\b|true emotion|mind[- ]reading|what (?:he|she|they) (?:really )?feel", text, re.IGNORECASE
    )
    assert found is None, found


@pytest.mark.parametrize("path", PRODUCT, ids=lambda p: str(p.relative_to(ROOT)))
def test_errors_are_never_swallowed(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler):
            names = {n.id for n in ast.walk(node.type) if isinstance(n, ast.Name)} if node.type else {"nothing named"}
            assert not names & {"Exception", "BaseException", "nothing named"}, f"broad except in line {node.lineno}"


@pytest.mark.parametrize("path", PRODUCT, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_log_line_is_a_sentence_that_never_changes(path: Path) -> None:
    """What it is about stands in fields that are known to be harmless (`link/logs.py`), never in its words."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and (level := _level(node.func)):
            said = node.args[level == "log" :]
            words = [str(one.value) for one in said if isinstance(one, ast.Constant)]
            assert len(said) == len(words) == 1, f"line {node.lineno} takes values into its words"
            assert not set("%{") & set(words[0]), f"line {node.lineno} is a template"
            assert {one.arg for one in node.keywords} <= {"exc_info", "extra"}, f"line {node.lineno}"


def _level(called: ast.expr) -> str:
    """The level of a log line; empty where this is none."""
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id == "log":
        return called.attr if called.attr in LEVELS else ""
    return ""


def test_stages_never_call_a_clock() -> None:
    for room in ("capture", "encoders", "fusion", "aggregation", "inference", "contracts"):
        for path in (ROOT / "src/countenance" / room).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            modules = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
            modules |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module}
            assert "time" not in modules, path


def test_no_machine_path_is_in_the_repository() -> None:
    for folder in ("src", "research", "docs", "tests", "bench"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".md", ".toml", ".sh"} and path != Path(__file__):
                assert not re.search(r"/(?:work|farm|root)/[a-z.]", path.read_text(encoding="utf-8")), path
