"""Whether the server lives, and whether it can do its work: answered on the event loop, whatever else runs."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from apps.monai_label.server.pacs_state import PacsState
from apps.monai_label.server.services import services_of

router = APIRouter()


@router.get("/health")
async def health(request: Request) -> Response:
    """The server answers."""
    return Response('{"status":"ok"}', media_type="application/json")


@router.get("/ready")
async def ready(request: Request) -> Response:
    """The PACS answers, and there is room in the queues; 503 otherwise."""
    services = services_of(request)
    state = request.app.state.pacs
    pacs_up = await state.is_up() if isinstance(state, PacsState) else True
    waiting = {"inference": services.queues.inference.taken, "clicks": services.queues.clicks.taken}
    facts: dict[str, Any] = {"ready": pacs_up, "pacs": "up" if pacs_up else "down", "working": waiting}
    return JSONResponse(facts, 200 if pacs_up else 503)
