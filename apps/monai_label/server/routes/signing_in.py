"""Sign in and out: a page for browsers, and the calls of MONAI Label's Python client."""

import time
from html import escape
from typing import Any

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from apps.monai_label.server.accounts import User
from apps.monai_label.server.gate import COOKIE
from apps.monai_label.server.refusal import Refusal
from apps.monai_label.server.requests_read import Form, form_of, user_of
from apps.monai_label.server.security_headers import LOGIN_POLICY
from apps.monai_label.server.services import Services, services_of

router = APIRouter()

_TOKEN_FIELDS = ("username", "password", "grant_type", "scope", "client_id", "client_secret")
_STYLE = """body{font:16px system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem}
label{display:block;margin:1rem 0 .3rem}input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem}
button{font:inherit;margin-top:1.5rem;padding:.5rem 1.5rem}p.trouble{color:#a00000}"""

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Uptake: sign in</title>
<link rel="stylesheet" href="/login.css"></head><body><h1>Uptake</h1>
<p>Annotation of PET/CT exams. For research use.</p>{trouble}
<form method="post" action="/login"><label for="name">Account</label>
<input id="name" name="username" autocomplete="username" required maxlength="64">
<label for="token">Token</label>
<input id="token" name="password" type="password" autocomplete="current-password" required maxlength="8192">
<button type="submit">Sign in</button></form></body></html>"""


@router.get("/")
@router.get("/ohif")
async def start(request: Request) -> Response:
    """Lead a browser to the viewer, which leads to the sign-in page where nobody is signed in."""
    return RedirectResponse("/ohif/", status_code=303)


@router.get("/login")
async def login_page(request: Request) -> Response:
    """The sign-in page."""
    return _page("")


@router.get("/login.css")
async def login_style(request: Request) -> Response:
    """The sign-in page's look."""
    return Response(_STYLE, media_type="text/css")


@router.post("/login")
async def log_in(request: Request) -> Response:
    """Sign a browser in with a cookie that scripts cannot read and other sites cannot send."""
    services = services_of(request)
    try:
        async with form_of(request, ("username", "password")) as form:
            secret, _, ends = await _signed_in(request, services, form)
    except Refusal as refusal:
        return _page(refusal.reason, refusal.status)
    response = RedirectResponse("/ohif/", status_code=303)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=max(0, int(ends - time.time())),
        path="/",
        secure=services.secure,
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/logout")
async def log_out(request: Request) -> Response:
    """End the browser's session."""
    services_of(request).sign_in.close(request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(COOKIE, path="/")
    return response


@router.get("/auth/")
async def auth_enabled(request: Request) -> dict[str, Any]:
    """Say that there is no way in without a token."""
    return {"enabled": True, "client_id": "uptake-label", "realm": ""}


@router.post("/auth/token")
async def auth_token(request: Request) -> Response:
    """Exchange an account's name and token for a session's token, which ends by itself."""
    async with form_of(request, _TOKEN_FIELDS) as form:
        secret, _, ends = await _signed_in(request, services_of(request), form)
    return JSONResponse({"access_token": secret, "token_type": "bearer", "expires_in": max(0, int(ends - time.time()))})


@router.get("/auth/token/valid")
async def valid_token(request: Request) -> dict[str, Any]:
    """Who the token is for."""
    user = user_of(request)
    return {"username": user.name, "email": None, "name": user.name, "roles": [user.role.name]}


async def _signed_in(request: Request, services: Services, form: Form) -> tuple[str, User, float]:
    address = request.client.host if request.client else ""
    if services.failures.is_blocked(address):
        raise Refusal(429, "Too many wrong tokens came from here. Wait five minutes.", {"Retry-After": "300"})
    name, token = form.fields.get("username", ""), form.fields.get("password", "")
    found = await run_in_threadpool(services.sign_in.open, name, token)
    if found is None:
        services.failures.count(address)
        raise Refusal(401, "The account or its token is wrong, or the token has ended.")
    request.state.signed_in = found[1]
    return found


def _page(trouble: str, status: int = 200) -> Response:
    shown = f'<p class="trouble">{escape(trouble)}</p>' if trouble else ""
    return HTMLResponse(_PAGE.format(trouble=shown), status, {"Content-Security-Policy": LOGIN_POLICY})
