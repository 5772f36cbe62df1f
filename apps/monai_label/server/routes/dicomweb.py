"""The PACS's DICOMweb for viewers: reading as it is, and storing only of an annotator's segmentation."""

from functools import partial
from typing import Any

from fastapi import APIRouter
from requests_toolbelt import MultipartDecoder
from requests_toolbelt.multipart import ImproperBodyPartContentException, NonMultipartContentTypeException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from apps.monai_label.server.label_app import SavedLabel
from apps.monai_label.server.pacs_proxy import PacsProxy
from apps.monai_label.server.refusal import Refusal
from apps.monai_label.server.requests_read import user_of
from apps.monai_label.server.services import Services, services_of

router = APIRouter()

_MOST_PARTS = 4
_PREFIX = "/dicom-web"
_DICOM_MARK = slice(128, 132)


@router.get("/dicom-web/{path:path}")
async def read(request: Request, path: str) -> Response:
    """Search and read; who lists an exam's series in a viewer has seen its labels."""
    proxy = request.app.state.proxy
    if not isinstance(proxy, PacsProxy):
        raise Refusal(404, "The exams come from a folder here; there is no DICOMweb.")
    answer = await proxy.get(request, request.url.path.removeprefix(_PREFIX))
    parts = path.split("/")
    if len(parts) == 3 and parts[2] in {"series", "metadata"} and answer.status_code == 200:
        await _see_study(request, parts[1])
    return answer


@router.post("/dicom-web/studies")
@router.post("/dicom-web/studies/{study}")
async def store(request: Request, study: str = "") -> Response:
    """Take an annotator's segmentation as a label; nothing else is stored.

    The PACS gets it as our own object, with the account as its author; a viewer cannot say who made it.
    """
    services = services_of(request)
    parts = _parts(request.headers.get("content-type", ""), await request.body())
    user = user_of(request)
    saved = []
    for part in parts:
        saved.append(await services.queues.files.run(partial(_save, services, part, user.name)))
        request.state.image = saved[-1]["image"]
        version = await services.queues.files.run(partial(services.app.truth_version, saved[-1]["image"]))
        services.seen.mark(user.name, saved[-1]["image"], version)
    return JSONResponse(_store_answer(saved), media_type="application/dicom+json")


def _save(services: Services, data: bytes, user: str) -> dict[str, Any]:
    with services.uploads.written(data, ".dcm") as file:
        image_id = services.app.segmented_image(file)
        label = SavedLabel(file, user, "final", services.seen.seen(user, image_id))
        return {**services.app.save_label(image_id, label), "image": image_id}


def _parts(content_type: str, body: bytes) -> list[bytes]:
    if content_type.partition(";")[0].strip().lower() != "multipart/related":
        raise Refusal(415, "multipart/related with application/dicom is wanted.")
    try:
        parts = MultipartDecoder(body, content_type).parts
    except (ImproperBodyPartContentException, NonMultipartContentTypeException, ValueError, AttributeError) as error:
        raise Refusal(400, "The parts cannot be read.") from error
    if not 1 <= len(parts) <= _MOST_PARTS:
        raise Refusal(400, f"1 to {_MOST_PARTS} segmentations are taken at once.")
    data = [bytes(part.content) for part in parts]
    kinds = {part.headers.get(b"Content-Type", b"").partition(b";")[0].strip().lower() for part in parts}
    if kinds != {b"application/dicom"} or any(part[_DICOM_MARK] != b"DICM" for part in data):
        raise Refusal(415, "Only DICOM files are taken.")
    return data


def _store_answer(saved: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer of PS3.18 section 10.5.3: Referenced SOP Sequence with class and instance of each."""
    items = [
        {
            "00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.66.4"]},
            "00081155": {"vr": "UI", "Value": [one["sop_instance_uid"]]},
        }
        for one in saved
    ]
    return {"00081199": {"vr": "SQ", "Value": items}}


async def _see_study(request: Request, study_uid: str) -> None:
    services = services_of(request)
    user = user_of(request).name
    seen = await services.queues.files.run(partial(services.app.study_versions, study_uid))
    for image_id, version in seen.items():
        services.seen.mark(user, image_id, version)
