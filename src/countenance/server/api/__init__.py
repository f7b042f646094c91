"""The routes under /v1 and the descriptions of them."""

from fastapi import APIRouter

ROUTERS: tuple[APIRouter, ...] = ()
"""Every router of the API, in the order of its description."""
