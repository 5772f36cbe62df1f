"""The server, put together: CORS list, gate, routes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from apps.monai_label.server import results_viewer
from apps.monai_label.server.audit_log import AuditLog
from apps.monai_label.server.gate import Gate, GateSettings
from apps.monai_label.server.pacs_proxy import PacsProxy
from apps.monai_label.server.pacs_state import PacsState
from apps.monai_label.server.refusal import Refusal, refusal_of
from apps.monai_label.server.routes import (
    datastore,
    dicomweb,
    health,
    infer,
    info,
    learning,
    parked_files,
    signing_in,
)
from apps.monai_label.server.services import Services
from apps.monai_label.server.viewer import BASE, Viewer, Viewers
from uptake.errors import UptakeError

_ROUTERS = (signing_in, health, info, infer, datastore, learning, parked_files, dicomweb)
_CONNECT_AGAIN = 2


@dataclass(frozen=True, slots=True)
class PacsAccess:
    """A PACS's DICOMweb root, and the account that this server has there."""

    url: str
    account: tuple[str, str] | None = None


def make_server(
    services: Services,
    audit: AuditLog,
    settings: GateSettings,
    pacs: PacsAccess | None,
    viewers: Viewers,
) -> ASGIApp:
    """The whole server as an ASGI application; it closes the services when it ends."""
    routes = make_routes(services, pacs, viewers)
    server: ASGIApp = Gate(routes, services.sign_in, audit, settings)
    if settings.origins:
        server = CORSMiddleware(
            server,
            allow_origins=sorted(settings.origins),
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Accept"],
            max_age=600,
        )
    return server


def make_routes(services: Services, pacs: PacsAccess | None, viewers: Viewers) -> FastAPI:
    """The routes without the gate; their description is not served."""

    @asynccontextmanager
    async def lifespan(routes: FastAPI) -> AsyncIterator[None]:
        if pacs is None:
            yield
        else:
            # Orthanc closes a connection after a second without a request: ours are given up before.
            limits = httpx.Limits(max_connections=32, max_keepalive_connections=16, keepalive_expiry=0.5)
            timeout = httpx.Timeout(60.0, connect=10.0)
            # A viewer asks for hundreds of slices at once, and does without one that it does not get.
            transport = httpx.AsyncHTTPTransport(limits=limits, retries=_CONNECT_AGAIN, trust_env=False)
            async with httpx.AsyncClient(
                auth=pacs.account, timeout=timeout, transport=transport, follow_redirects=False, trust_env=False
            ) as client:
                routes.state.proxy = PacsProxy(client, pacs.url)
                routes.state.pacs = PacsState(client, pacs.url)
                yield
        services.queues.close()
        services.app.close()

    routes = FastAPI(
        title="Uptake label server",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        # Spans would carry queries, with patients' names in them, to wherever the environment says.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    routes.state.services = services
    routes.state.proxy = None
    routes.state.pacs = None
    for module in _ROUTERS:
        routes.include_router(module.router)
    if viewers.annotation is not None:
        routes.mount(BASE, Viewer(viewers.annotation, BASE))
    if viewers.results is not None:  # last, as it takes every path that is left; the gate lets through what it has
        routes.mount(results_viewer.BASE, Viewer(viewers.results, results_viewer.BASE))
    routes.add_exception_handler(Refusal, _refused)
    routes.add_exception_handler(UptakeError, _failed)
    routes.add_exception_handler(RequestValidationError, _not_valid)
    routes.add_exception_handler(HTTPException, _plain)
    return routes


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, Refusal):
        raise error
    return JSONResponse({"detail": error.reason}, error.status, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    if not isinstance(error, UptakeError):
        raise error
    return await _refused(request, refusal_of(error))


async def _not_valid(request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": "The request is not valid."}, 400)


async def _plain(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return JSONResponse({"detail": "There is nothing here." if status == 404 else "Not answered."}, status)
