"""`python -m countenance.server.describe FOLDER` writes openapi.json and asyncapi.json, as the service serves them."""

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from countenance.server import health
from countenance.server.api import include
from countenance.server.api.asyncapi import asyncapi
from countenance.server.openapi import openapi


def described() -> dict[str, dict[str, Any]]:
    """Both descriptions by the name of their file."""
    app = FastAPI()
    app.include_router(health.router)
    include(app)
    return {"openapi.json": openapi(app), "asyncapi.json": asyncapi()}


def to_text(description: dict[str, Any]) -> str:
    """The file of a description."""
    return json.dumps(description, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, description in described().items():
        (Path(sys.argv[1]) / name).write_text(to_text(description), encoding="utf-8")
