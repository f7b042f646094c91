"""The page that checks a log and its receipts: one file made of the JavaScript verifier, without Node, for no network.

The verifier's modules are put one after the other, each in a scope of its own; the page's policy allows that script
and that style by their digests, and nothing else.
"""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from countenance.contracts.errors import CountenanceError

PACKAGED = Path(__file__).with_name("verifier")
CHECKOUT = Path(__file__).parents[3] / "clients" / "verify"
ENTRY = "page/page.mjs"
IMPORT = re.compile(r'^import (\{[^}]*\}) from "(\.{1,2}/[\w./]+\.mjs)";\n', flags=re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function\*?|class|const) (\w+))", flags=re.MULTILINE)


class PageError(CountenanceError):
    """The page cannot be made."""


def verify_page(sources: Path | None = None) -> str:
    """The page, complete in itself; raises PageError when the verifier's modules are not installed."""
    folder = installed(sources)
    parts = {"style": (folder / "page/page.css").read_text(encoding="utf-8"), "script": bundle(folder, ENTRY)}
    parts |= {f"{name}-hash": _digest(text) for name, text in parts.items()}
    template = (folder / "page/index.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{([\w-]+)\}\}", lambda found: parts[found[1]], template)


def installed(sources: Path | None = None) -> Path:
    """The folder of the verifier's modules; raises PageError when they are not there."""
    folder = sources or (PACKAGED if PACKAGED.is_dir() else CHECKOUT)
    if not (folder / ENTRY).is_file():
        raise PageError("the verifier is not part of this installation", "Install the package again.")
    return folder


def bundle(folder: Path, entry: str) -> str:
    """All modules that one module needs, as one script; what a module imports comes before it."""
    done: dict[str, str] = {}
    _add(folder.resolve(), entry, done)
    return "\n".join(done.values())


def _add(folder: Path, name: str, done: dict[str, str]) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    needed = {path: _within(folder, name, path) for _, path in IMPORT.findall(text)}
    for other in needed.values():
        if other not in done:
            _add(folder, other, done)
    exported = ", ".join(found for _, found in EXPORT.findall(text))
    body = IMPORT.sub(lambda found: f"const {_renamed(found[1])} = {_variable(needed[found[2]])};\n", text)
    body = EXPORT.sub(r"\1", body)
    done[name] = f"const {_variable(name)} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


def _within(folder: Path, name: str, path: str) -> str:
    return (folder / name).parent.joinpath(path).resolve().relative_to(folder).as_posix()


def _renamed(names: str) -> str:
    """An import's `a as b` in the words of a destructuring, `a: b`."""
    return names.replace(" as ", ": ")


def _variable(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name.removesuffix(".mjs"))


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
