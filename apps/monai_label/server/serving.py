"""The process: accounts, PACS, application and uvicorn, started in order and ended in reverse."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import uvicorn
from starlette.types import ASGIApp

from apps.monai_label.server.accounts import Role, User
from apps.monai_label.server.application import PacsAccess, make_server
from apps.monai_label.server.audit_log import AuditLog
from apps.monai_label.server.command_line import Options
from apps.monai_label.server.gate import GateSettings
from apps.monai_label.server.label_app import LabelApp
from apps.monai_label.server.oidc import OidcAccounts, OidcSettings
from apps.monai_label.server.orthanc import OwnOrthanc
from apps.monai_label.server.results_viewer import results_rules
from apps.monai_label.server.route_rules import RULES
from apps.monai_label.server.services import Services
from apps.monai_label.server.sign_in import SignIn
from apps.monai_label.server.token_file import TokenFile, make_token_file
from apps.monai_label.server.viewer import Viewers, wheel_viewer
from apps.monai_label.server.work_folder import locked

AppMaker = Callable[[Options, PacsAccess | None], LabelApp]

_FIRST_ACCOUNTS = (User("reader", Role.read), User("annotator", Role.annotate), User("trainer", Role.train))
_SWITCH_S = 0.001


def serve(options: Options, make_app: AppMaker, say: Callable[[str], None]) -> None:
    """Run the server until it is told to end."""
    # Python threads that compute must not keep the event loop, and so /health, waiting for five milliseconds each.
    sys.setswitchinterval(_SWITCH_S)
    # uvicorn ends in order at this signal and then raises it again: what was started here must still be ended.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    with locked(options.work), ExitStack() as stack:
        sign_in = _accounts(options, say)
        pacs = stack.enter_context(_pacs(options, say))
        say("Loading models ...")
        app = make_app(options, pacs)
        server = _server(options, app, sign_in, pacs)
        scheme = "https" if options.tls_cert else "http"
        say(f"Ready: open {scheme}://{options.host}:{options.port}/ and sign in. Ctrl-C ends the server.")
        _run(options, server)


def _server(options: Options, app: LabelApp, sign_in: SignIn, pacs: PacsAccess | None) -> ASGIApp:
    services = Services.in_folder(app, sign_in, options.work, secure=options.secure)
    results = options.results_viewer
    rules = RULES + (results_rules(results) if results is not None else ())
    settings = GateSettings(options.hosts, frozenset(options.origins), options.secure, rules)
    return make_server(services, AuditLog(options.work / "audit"), settings, pacs, Viewers(wheel_viewer(), results))


def _run(options: Options, server: ASGIApp) -> None:
    uvicorn.run(
        server,
        host=options.host,
        port=options.port,
        access_log=False,  # its lines would hold queries, and those hold patients' names
        log_level="warning",
        server_header=False,
        date_header=True,
        ssl_certfile=options.tls_cert,
        ssl_keyfile=options.tls_key,
        proxy_headers=options.behind_proxy,
        limit_concurrency=400,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
        h11_max_incomplete_event_size=32 * 1024,
        ws="none",
    )


def _accounts(options: Options, say: Callable[[str], None]) -> SignIn:
    oidc = None
    if options.oidc_issuer:
        oidc = OidcAccounts(OidcSettings(options.oidc_issuer, options.oidc_audience, options.oidc_jwks))
        if not options.tokens.exists() and not options.new_tokens:
            return SignIn(None, oidc)
    if options.new_tokens or not options.tokens.exists():
        tokens = make_token_file(options.tokens, _FIRST_ACCOUNTS)
        say(f"New accounts, whose tokens are shown only now ({options.tokens} holds their hashes):")
        for user in _FIRST_ACCOUNTS:
            say(f"  account {user.name}   role {user.role.name}   token {tokens[user.name]}")
    return SignIn(TokenFile(options.tokens), oidc)


@contextmanager
def _pacs(options: Options, say: Callable[[str], None]) -> Iterator[PacsAccess | None]:
    if options.studies is not None:
        yield None
        return
    if options.pacs is not None:
        account = (options.pacs_account, options.pacs_password()) if options.pacs_account else None
        yield PacsAccess(options.pacs, account)
        return
    say("Starting Orthanc ...")
    orthanc = OwnOrthanc(options.work / "orthanc")
    try:
        for folder in options.imports:
            say(f"{orthanc.import_folder(folder)} new DICOM files imported from {folder}.")
        yield PacsAccess(orthanc.url, orthanc.account)
    finally:
        orthanc.stop()
