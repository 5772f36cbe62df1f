"""DICOMweb through this server: what the allow-list lets through is asked of the PACS with our credentials."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
from starlette.background import BackgroundTask
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from apps.monai_label.server.refusal import Refusal

_QUERY_KEY = re.compile(r"[A-Za-z0-9.]{1,64}")
_QUERY_VALUE = re.compile(r"[^\x00-\x1f\x7f]{0,256}")
_ACCEPT = re.compile(r"[A-Za-z0-9 ,;=*/.+\"'_:-]{1,512}")
_PASSED_BACK = ("content-type", "content-encoding", "warning")
_ASK_AGAIN = 2
_MOST_JSON_BYTES = 512 * 1024 * 1024


class PacsProxy:
    """Asks a PACS's DICOMweb root.

    Parameters
    ----------
    client
        With the PACS's credentials; its redirects are not followed.
    url
        Of the DICOMweb root.
    """

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = url.rstrip("/")

    async def get(self, request: Request, path: str) -> Response:
        """Answer a request from the PACS. ``path`` is what follows ``/dicom-web`` and passed the allow-list.

        Links to bulk data are made to lead to this server.
        """
        asked = self._client.build_request(
            "GET", f"{self._url}{path}", params=_query(request), headers=_headers(request)
        )
        try:
            answer = await self._sent(asked)
        except httpx.HTTPError as error:
            raise Refusal(
                503, "The PACS does not answer. Nothing was lost; try again.", {"Retry-After": "10"}
            ) from error
        if answer.status_code in {401, 403, 407} or answer.is_redirect:
            await answer.aclose()
            raise Refusal(502, "The PACS does not let this server in; its credentials are in the server's settings.")
        headers = {name: answer.headers[name] for name in _PASSED_BACK if name in answer.headers}
        if "json" in headers.get("content-type", ""):
            return await self._json(request, answer, headers)
        return StreamingResponse(_raw(answer), answer.status_code, headers, background=BackgroundTask(answer.aclose))

    async def _sent(self, asked: httpx.Request) -> httpx.Response:
        """Ask again where a connection ends before its answer begins, as one that was kept may at any time."""
        for _ in range(_ASK_AGAIN):
            try:
                return await self._client.send(asked, stream=True)
            except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                continue
        return await self._client.send(asked, stream=True)

    async def _json(self, request: Request, answer: httpx.Response, headers: dict[str, str]) -> Response:
        try:
            body = await answer.aread()
        except httpx.HTTPError as error:
            raise Refusal(503, "The PACS stopped in the middle of an answer. Try again.") from error
        finally:
            await answer.aclose()
        if len(body) > _MOST_JSON_BYTES:
            raise Refusal(502, "The PACS's answer is too large.")
        headers.pop("content-encoding", None)
        ours = f"{request.url.scheme}://{request.headers['host']}/dicom-web"
        return Response(body.replace(self._url.encode(), ours.encode()), answer.status_code, headers)


def _query(request: Request) -> list[tuple[str, str | int | float | bool | None]]:
    pairs = request.query_params.multi_items()
    if len(pairs) > 64 or not all(_QUERY_KEY.fullmatch(key) and _QUERY_VALUE.fullmatch(value) for key, value in pairs):
        raise Refusal(400, "The query is not one of DICOMweb.")
    return [(key, value) for key, value in pairs]


def _headers(request: Request) -> Headers:
    accept = request.headers.get("accept", "*/*")
    if not _ACCEPT.fullmatch(accept):
        raise Refusal(400, "The header Accept cannot be read.")
    return Headers({"accept": accept})


async def _raw(answer: httpx.Response) -> AsyncIterator[bytes]:
    async for block in answer.aiter_raw():
        yield block
