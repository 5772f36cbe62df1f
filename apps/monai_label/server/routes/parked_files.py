"""Sessions: a file that a client parks at the server. Only its owner sees it; no archive is unpacked."""

from functools import partial
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from apps.monai_label.server.refusal import Refusal
from apps.monai_label.server.requests_read import form_of, read_query, user_of
from apps.monai_label.server.services import services_of
from apps.monai_label.server.sessions import ENDINGS
from apps.monai_label.server.uploads import ending_of

router = APIRouter()


@router.put("/session/")
async def open_session(request: Request) -> Response:
    """Park one image file for an hour at most."""
    services = services_of(request)
    query = read_query(request, ("uncompress", "expiry"))
    if query.get("uncompress", "false").lower() != "false":
        raise Refusal(400, "Archives are not unpacked here.")
    expiry = query.get("expiry", "0")
    if not expiry.isascii() or not expiry.isdigit() or len(expiry) > 6:
        raise Refusal(400, "expiry is a number of seconds.")
    owner = user_of(request).name
    async with form_of(request, ("client_id",), ("files",)) as form:
        if "files" not in form.files:
            raise Refusal(400, "The form lacks the file files.")
        upload = form.files["files"]
        ending = ending_of(upload.filename or "", ENDINGS)

        def park() -> dict[str, Any]:
            with services.uploads.kept(upload, ENDINGS) as file:
                session = services.sessions.open(owner, file, ending, int(expiry))
            return {"session_id": session.session_id, "session_info": session.facts()}

        return JSONResponse(await services.queues.files.run(park))


@router.get("/session/{session_id}")
async def get_session(request: Request, session_id: str) -> Response:
    """Facts of a session of one's own, or with ``image`` its file."""
    services = services_of(request)
    query = read_query(request, ("update_ts", "image"))
    session = services.sessions.get(user_of(request).name, session_id)
    if query.get("image", "false").lower() == "true":
        return FileResponse(session.file, media_type="application/octet-stream", filename=session.file.name)
    return JSONResponse(session.facts())


@router.delete("/session/{session_id}")
async def close_session(request: Request, session_id: str) -> Response:
    """Remove a session of one's own."""
    services = services_of(request)
    read_query(request, ())
    owner = user_of(request).name
    return JSONResponse(await services.queues.files.run(partial(services.sessions.close, owner, session_id)))
