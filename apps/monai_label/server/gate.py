"""The gate before the application: plain path, allow-list, host, account, role, origin, body size, audit log."""

from __future__ import annotations

import logging
import re
import traceback
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from apps.monai_label.server.accounts import Role, User
from apps.monai_label.server.audit_log import AuditLog
from apps.monai_label.server.refusal import Refusal, refusal_of
from apps.monai_label.server.route_rules import RULES, Rule, require_plain_path, rule_for
from apps.monai_label.server.security_headers import answer_headers
from apps.monai_label.server.sign_in import SignIn
from uptake.errors import UptakeError

COOKIE = "uptake_session"
_SAFE = {"GET", "HEAD"}
_log = logging.getLogger("uptake.label")


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What the gate lets in.

    Parameters
    ----------
    hosts
        Names that the Host header may carry, without port: an answer to any other name would let a foreign web page
        that points its own name at this address speak to the server.
    origins
        Other sites' pages that may speak to the server (CORS), such as ``https://viewer.hospital.example``.
    secure
        Whether browsers reach the server by HTTPS.
    rules
        The allow-list.
    """

    hosts: frozenset[str]
    origins: frozenset[str] = frozenset()
    secure: bool = False
    rules: tuple[Rule, ...] = RULES


class Gate:
    """ASGI application before the application; nothing reaches the routes that is not on the allow-list."""

    def __init__(self, app: ASGIApp, sign_in: SignIn, audit: AuditLog, settings: GateSettings) -> None:
        self._app = app
        self._sign_in = sign_in
        self._audit = audit
        self._settings = settings
        self._headers = answer_headers(secure=settings.secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        await _Passage(self, scope, receive, send).go()

    def admit(self, scope: Scope, headers: Headers) -> tuple[Rule, str]:
        """The rule that allows the request, and its path; a Refusal otherwise."""
        path = require_plain_path(scope.get("raw_path") or scope["path"].encode(), scope["path"])
        host = _host_name(headers)
        if host not in self._settings.hosts:
            raise Refusal(421, "This server does not answer to that name.")
        return rule_for(scope["method"], path, self._settings.rules), path

    async def user(self, headers: Headers) -> tuple[User | None, str]:
        """Who asks, and the secret that they showed: a bearer token before a cookie."""
        secret, by_cookie = _secret(headers)
        if not secret:
            return None, ""
        user = await run_in_threadpool(self._sign_in.user_of, secret)
        return user, (secret if user is not None and by_cookie else "")

    def require_same_origin(self, headers: Headers) -> None:
        """Refuse what another site's page sends with this browser's cookie."""
        origin = headers.get("origin")
        if origin is not None and origin not in self._settings.origins and urlsplit(origin).netloc != headers["host"]:
            raise Refusal(403, "Another site's page may not do this.")

    @property
    def headers(self) -> dict[str, str]:
        """Headers of every answer."""
        return self._headers

    @property
    def audit(self) -> AuditLog:
        """The audit log."""
        return self._audit

    @property
    def app(self) -> ASGIApp:
        """What stands behind the gate."""
        return self._app


class _Passage:
    """One request on its way through the gate."""

    def __init__(self, gate: Gate, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate = gate
        self._scope = scope
        self._receive = receive
        self._send = send
        self._rule: Rule | None = None
        self._user: User | None = None
        self._status = 0
        self._left_bytes = 0

    async def go(self) -> None:
        try:
            await self._enter()
        except Refusal as refusal:
            await self._refuse(refusal)
        except UptakeError as error:
            await self._refuse(refusal_of(error))
        except Exception as error:
            # Not raised again: the server's own log would print the error's text, which may hold what a client said.
            _log_failure(error)
            await self._refuse(Refusal(500, "Something failed inside; the server's log says where."))
        finally:
            self._note()

    async def _enter(self) -> None:
        headers = Headers(scope=self._scope)
        rule, _ = self._gate.admit(self._scope, headers)
        self._rule = rule
        if rule.role is not None:
            await self._require_role(rule, rule.role, headers)
        elif self._scope["method"] not in _SAFE:
            self._gate.require_same_origin(headers)
        self._left_bytes = rule.body_bytes
        if rule.body_bytes and int(_digits(headers.get("content-length", "0"))) > rule.body_bytes:
            raise Refusal(413, "The body is too large.", {"Connection": "close"})
        self._scope["state"] = {**self._scope.get("state", {}), "user": self._user}
        await self._gate.app(self._scope, self._receive_bounded, self._send_dressed)

    async def _require_role(self, rule: Rule, role: Role, headers: Headers) -> None:
        self._user, cookie = await self._gate.user(headers)
        if self._user is None:
            if rule.page:
                raise Refusal(303, "Sign in first.", {"Location": "/login"})
            raise Refusal(401, "Sign in first: no valid token came with this.", {"WWW-Authenticate": "Bearer"})
        if cookie and self._scope["method"] not in _SAFE:
            self._gate.require_same_origin(headers)
        if self._user.role < role:
            raise Refusal(403, f"This needs the role {role.name}; yours is {self._user.role.name}.")

    async def _receive_bounded(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request" and not (self._rule and self._rule.body_bytes):
            # MONAI Label's Python client leaves a Content-Length of an earlier request in its later ones.
            return {"type": "http.request", "body": b"", "more_body": message.get("more_body", False)}
        if message["type"] == "http.request":
            self._left_bytes -= len(message.get("body", b""))
            if self._left_bytes < 0:
                raise Refusal(413, "The body is too large.", {"Connection": "close"})
        return message

    async def _send_dressed(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in self._gate.headers.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def _refuse(self, refusal: Refusal) -> None:
        response: Response
        if refusal.status == 303:
            response = RedirectResponse(refusal.headers["Location"], status_code=303)
        else:
            response = JSONResponse({"detail": refusal.reason}, refusal.status, refusal.headers)
        if not self._status:
            await response(self._scope, self._receive, self._send_dressed)

    def _note(self) -> None:
        rule = self._rule
        refused = self._status in {401, 403} and rule is not None
        if rule is None or not (rule.action or refused) or self._scope["method"] == "HEAD":
            return
        facts = self._scope.get("state", {})
        user = facts.get("signed_in") or self._user
        action = rule.action or "read"
        self._gate.audit.write(action, user, self._status, facts.get("image", ""), facts.get("model", ""))


def _host_name(headers: Headers) -> str:
    try:
        return (urlsplit(f"//{headers.get('host', '')}").hostname or "").lower()
    except ValueError:
        return ""


def _secret(headers: Headers) -> tuple[str, bool]:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme:
        return (token.strip() if scheme.lower() == "bearer" else ""), False
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return "", False
    return (cookie.value if cookie is not None else ""), True


def _digits(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise Refusal(400, "The length of the body is no number.")
    return text


def _log_failure(error: Exception) -> None:
    # The error's text may hold what a client or a header said, so only where it happened is logged.
    where = "".join(
        f"\n  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    )
    _log.error("%s%s", type(error).__name__, where)
