"""Run a model or a click tool on an exam."""

import json
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from requests_toolbelt import MultipartEncoder
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from apps.monai_label.server.label_app import InferWish, LabelApp
from apps.monai_label.server.refusal import Refusal
from apps.monai_label.server.request_params import read_infer_params
from apps.monai_label.server.requests_read import form_of, one_choice, read_query, required_uid, user_of
from apps.monai_label.server.services import services_of

router = APIRouter()

_MEDIA_TYPES = {".gz": "application/gzip", ".nii": "application/octet-stream", ".nrrd": "application/octet-stream"}


@router.post("/infer/{model}")
async def infer(request: Request, model: str) -> Response:
    """Run a model on the exam of the series ``image``; the label comes on that series' grid.

    ``output``: ``image`` the label file; ``json`` its facts; ``all`` both, as a form; ``dicom_seg`` a segmentation.
    """
    services = services_of(request)
    query = read_query(request, ("image", "output", "session_id"))
    if query.get("session_id"):
        raise Refusal(422, "These models need an exam of the PACS, with its headers: give image, not session_id.")
    series_uid = required_uid(query, "image", request)
    output = one_choice(query, "output", ("all", "image", "json", "dicom_seg"), "all")
    async with form_of(request, ("params",)) as form:
        text = form.fields.get("params", "{}")
    announced = await services.queues.files.run(partial(services.app.model, model))
    if announced is None:
        raise Refusal(404, "There is no such model.")
    request.state.model = model
    params = read_infer_params(text, announced)
    await services.queues.files.run(partial(services.app.image_of, series_uid))
    queue = services.queues.clicks if services.app.is_quick(model) else services.queues.inference
    wish = InferWish(model, series_uid, user_of(request).name, params)
    if output == "dicom_seg":
        data = await queue.run(partial(_segmentation, services.app, wish))
        return _file(data, "application/dicom", f"{model}.dcm")
    ending = params.get("result_extension", ".nii.gz")
    label, facts = await queue.run(partial(_label, services.app, wish))
    return _answer(label, facts, output, f"{model}{ending}")


def _label(app: LabelApp, wish: InferWish) -> tuple[bytes | None, dict[str, Any]]:
    file, facts = app.infer(wish)
    return (None if file is None else _taken(file)), facts


def _segmentation(app: LabelApp, wish: InferWish) -> bytes:
    return _taken(app.infer_segmentation(wish))


def _taken(file: Path) -> bytes:
    try:
        return file.read_bytes()
    finally:
        file.unlink(missing_ok=True)


def _answer(label: bytes | None, facts: dict[str, Any], output: str, name: str) -> Response:
    if output == "json" or (label is None and output == "all"):
        return JSONResponse(facts)
    if label is None:
        raise Refusal(500, "The model gave no label.")
    media_type = _MEDIA_TYPES[Path(name).suffix]
    if output == "image":
        return _file(label, media_type, name)
    encoded = MultipartEncoder(
        {"params": (None, json.dumps(facts, allow_nan=False), "application/json"), "image": (name, label, media_type)}
    )
    return Response(encoded.to_string(), media_type=encoded.content_type)


def _file(data: bytes, media_type: str, name: str) -> Response:
    return Response(data, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
