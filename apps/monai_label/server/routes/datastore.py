"""Exams and labels: listed, read, and labels saved. Nothing is added to or removed from the PACS but labels."""

from functools import partial
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from apps.monai_label.labels.label_types import require_tag
from apps.monai_label.server.label_app import SavedLabel
from apps.monai_label.server.refusal import Refusal
from apps.monai_label.server.request_params import label_info, read_params, text_value, whole
from apps.monai_label.server.requests_read import form_of, one_choice, read_query, required_uid, user_of
from apps.monai_label.server.services import Services, services_of

router = APIRouter()

_LABEL_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".dcm")
_SAVE_CHECKS = {"client_id": text_value, "label_info": label_info, "expected_version": whole(0, 1_000_000)}


@router.get("/datastore/")
async def listing(request: Request) -> Response:
    """How many exams are annotated, or with ``output=all`` every exam and label."""
    services = services_of(request)
    output = one_choice(read_query(request, ("output",)), "output", ("stats", "all"), "stats")
    return JSONResponse(await services.queues.files.run(partial(services.app.listing, output == "all")))


@router.head("/datastore/image")
@router.get("/datastore/image")
async def image(request: Request) -> Response:
    """The exam's SUV as NIfTI."""
    services = services_of(request)
    query = read_query(request, ("image", "check_sum"))
    image_id = required_uid(query, "image", request)
    if query.get("check_sum"):
        raise Refusal(400, "Checksums are not kept here.")
    file = await services.queues.files.run(partial(services.app.image_file, image_id))
    await _see(services, request, image_id)
    return _file(file, "image.nii.gz", request)


@router.get("/datastore/image/info")
async def image_info(request: Request) -> Response:
    """What a viewer needs to open the exam."""
    services = services_of(request)
    image_id = required_uid(read_query(request, ("image",)), "image", request)
    return JSONResponse(await services.queues.files.run(partial(services.app.image_info, image_id)))


@router.head("/datastore/label")
@router.get("/datastore/label")
async def label(request: Request) -> Response:
    """A label as NIfTI, by its own id or by its exam's; who reads it has seen its version."""
    services = services_of(request)
    uid, tag = _label_query(request)
    image_id, version, file = await services.queues.files.run(partial(services.app.label_file, uid, tag))
    if request.method == "GET":
        services.seen.mark(user_of(request).name, image_id, version)
    return _file(file, "label.nii.gz", request)


@router.get("/datastore/label/info")
async def label_facts(request: Request) -> Response:
    """Facts of a label, by its own id or by its exam's."""
    services = services_of(request)
    uid, tag = _label_query(request)
    return JSONResponse(await services.queues.files.run(partial(services.app.label_info, uid, tag)))


@router.put("/datastore/label")
async def save_label(request: Request) -> Response:
    """Save an annotator's label as the exam's truth; 409 where another's newer one was not seen yet."""
    services = services_of(request)
    query = read_query(request, ("image", "tag"))
    series_uid = required_uid(query, "image", request)
    tag = _tag(query.get("tag") or "final")
    async with form_of(request, ("params",), ("label",)) as form:
        if "label" not in form.files:
            raise Refusal(400, "The form lacks the file label.")
        params = read_params(form.fields.get("params", "{}"), _SAVE_CHECKS)
        image_id = await services.queues.files.run(partial(services.app.image_of, series_uid))
        user = user_of(request)
        expected = params.get("expected_version", services.seen.seen(user.name, image_id))
        names = tuple(params.get("label_info", ()))

        def save() -> dict[str, Any]:
            with services.uploads.kept(form.files["label"], _LABEL_ENDINGS) as file:
                return services.app.save_label(image_id, SavedLabel(file, user.name, tag, expected, names))

        saved = await services.queues.files.run(save)
    await _see(services, request, image_id)
    return JSONResponse({**saved, "image": image_id, "label": saved["sop_instance_uid"]})


async def _see(services: Services, request: Request, image_id: str) -> None:
    version = await services.queues.files.run(partial(services.app.truth_version, image_id))
    services.seen.mark(user_of(request).name, image_id, version)


def _label_query(request: Request) -> tuple[str, str]:
    query = read_query(request, ("label", "image", "tag"))
    key = "label" if "label" in query else "image"
    return required_uid(query, key, request), _tag(query.get("tag") or "final")


def _tag(text: str) -> str:
    try:
        return require_tag(text)
    except ValueError as error:
        raise Refusal(400, "The tag has 1 to 32 of a to z, 0 to 9, - and _.") from error


def _file(path: Path, name: str, request: Request) -> Response:
    if request.method == "HEAD":
        return Response(headers={"Content-Type": "application/gzip"})
    return FileResponse(path, media_type="application/gzip", filename=name)
