"""What models, labels, trainers and strategies there are."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request

from apps.monai_label.server.requests_read import read_query
from apps.monai_label.server.services import services_of

router = APIRouter()


@router.get("/info/")
async def info(request: Request) -> dict[str, Any]:
    """The application, as MONAI Label's clients want it."""
    services = services_of(request)
    read_query(request, ())
    return await services.queues.files.run(services.app.info)
