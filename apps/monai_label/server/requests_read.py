"""Reading requests: known query keys, forms with known parts, and the account that the gate found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from apps.monai_label.exams.exam_key import require_uid
from apps.monai_label.server.accounts import User
from apps.monai_label.server.refusal import Refusal

_PARAMS_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A form's parts: ``fields`` are texts, ``files`` are uploads, both by name."""

    fields: dict[str, str]
    files: dict[str, UploadFile]


def user_of(request: Request) -> User:
    """The account that the gate let in; a Refusal where a route is reached without one."""
    user = getattr(request.state, "user", None)
    if not isinstance(user, User):
        raise Refusal(401, "Sign in first.")
    return user


def read_query(request: Request, allowed: Iterable[str]) -> dict[str, str]:
    """The query's values; a Refusal where a key is not allowed or comes twice."""
    pairs = request.query_params.multi_items()
    values = dict(pairs)
    if len(values) != len(pairs) or set(values) - set(allowed):
        raise Refusal(400, f"The query may hold each of these once: {', '.join(sorted(allowed)) or 'nothing'}.")
    return values


def required_uid(values: dict[str, str], key: str, request: Request) -> str:
    """A query value that must be a DICOM UID; noted for the audit log."""
    if key not in values:
        raise Refusal(400, f"The query lacks {key}.")
    uid = require_uid(values[key])
    request.state.image = uid
    return uid


def one_choice(values: dict[str, str], key: str, choices: tuple[str, ...], default: str) -> str:
    """A query value out of a few."""
    value = values.get(key) or default
    if value not in choices:
        raise Refusal(400, f"{key} is one of: {', '.join(choices)}.")
    return value


@asynccontextmanager
async def form_of(request: Request, fields: Iterable[str], files: Iterable[str] = ()) -> AsyncIterator[Form]:
    """A form's parts, for the length of the block; afterwards its files are gone.

    A Refusal where a part is not allowed, comes twice, or is a file instead of a text.
    """
    try:
        yield await _read_form(request, set(fields), set(files))
    finally:
        await request.close()


async def _read_form(request: Request, allowed_fields: set[str], allowed_files: set[str]) -> Form:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in {"", "multipart/form-data", "application/x-www-form-urlencoded"}:
        raise Refusal(415, "A form is wanted: multipart/form-data.")
    if not content_type:
        return Form({}, {})
    try:
        form = await request.form(
            max_files=len(allowed_files), max_fields=len(allowed_fields), max_part_size=_PARAMS_BYTES
        )
    except MultiPartException as error:
        raise Refusal(400, "The form cannot be read, or has more parts than are allowed.") from error
    found = Form({}, {})
    for name, value in form.multi_items():
        is_file = isinstance(value, UploadFile)
        if name not in (allowed_files if is_file else allowed_fields) or name in found.fields or name in found.files:
            wanted = ", ".join(sorted(allowed_fields | allowed_files))
            raise Refusal(400, f"The form may hold each of these once: {wanted}.")
        if isinstance(value, UploadFile):
            found.files[name] = value
        else:
            found.fields[name] = value
    return found


async def read_body(request: Request) -> bytes:
    """The body of a small JSON request."""
    content_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    body = await request.body()
    if body and content_type not in {"application/json", "text/plain"}:
        raise Refusal(415, "JSON is wanted.")
    return body
