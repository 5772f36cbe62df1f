"""The gate: paths, hosts, tokens, origins, sizes, headers."""

import asyncio
import json

import pytest

from tests.apps.monai_label.server.served import HOST, PET, form

_ESCAPES = (
    "/dicom-web/%2e%2e/instances",
    "/dicom-web/..%2ftools/execute-script",
    "/dicom-web/%252e%252e/tools/execute-script",
    "/dicom-web/studies/../../tools/execute-script",
    "/dicom-web/studies/./1.2.3/series",
    "/dicom-web//studies",
    "/dicom-web/studies%2f1.2.3",
    "/dicom-web/studies\\1.2.3",
    "/dicom-web/studies/1.2.3%00/series",
    "/dicom-web/studies/1.2.3/series%3Fx=1",
    "/ohif/%2e%2e/%2e%2e/secrets.py",
    "/ohif/..%5c..%5csecrets.py",
    "/ohif/../app.py",
    "/info/%20",
    "/infer/%2e%2e",
    "//info/",
)


@pytest.mark.parametrize("target", _ESCAPES)
def test_paths_with_escapes_are_refused_before_anything_is_decoded(here, target):
    answer = here.ask("GET", target, "trainer")
    assert answer.status == 400
    assert json.loads(answer.body) == {"detail": "The path is not plain."}


@pytest.mark.parametrize("path", ["/dicom-web/tools/execute-script", "/dicom-web/instances", "/dicom-web/", "/tools"])
def test_paths_of_the_pacs_that_are_not_on_the_list_are_not_there(here, path):
    assert here.ask("GET", path, "trainer").status == 404
    assert here.ask("POST", path, "trainer").status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic dHJhaW5lcjp4"},
        {"Authorization": "Bearer " + "x" * 9000},
        {"Cookie": "uptake_session=wrong"},
        {"Cookie": "uptake_session"},
        {"Cookie": "a=\x01; uptake_session=x"},
    ],
)
def test_nobody_comes_in_without_a_right_token(here, headers):
    answer = here.ask("GET", "/info/", headers=headers)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_of_another_case_or_with_more_is_wrong(here):
    token = here.tokens["trainer"]
    for wrong in (token.swapcase(), token + "x", token[:-1], ""):
        assert here.ask("GET", "/info/", headers={"Authorization": f"Bearer {wrong}"}).status == 401
    assert here.ask("GET", "/info/", headers={"Authorization": f"bearer {token}"}).status == 200


def test_a_token_in_the_query_is_not_one(here):
    assert here.ask("GET", f"/info/?access_token={here.tokens['trainer']}").status == 401


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "localhost@evil.example", "[::1"])
def test_a_foreign_host_name_is_not_answered(here, host):
    assert here.ask("GET", "/health", headers={"Host": host}).status == 421


def test_a_browser_is_led_to_the_sign_in_page_and_a_client_is_not(here):
    answer = here.ask("GET", "/ohif/viewer?StudyInstanceUIDs=1.2.3")
    assert (answer.status, answer.headers["location"]) == (303, "/login")
    assert here.ask("GET", "/datastore/").status == 401


def test_another_sites_page_cannot_use_the_browsers_cookie(here):
    secret, _, _ = here.services.sign_in.open("trainer", here.tokens["trainer"])
    cookie = {"Cookie": f"uptake_session={secret}"}
    assert here.ask("POST", "/train/", headers={**cookie, "Origin": f"http://{HOST}"}).status == 200
    for origin in ("https://evil.example", "null", "http://127.0.0.1:9999"):
        assert here.ask("POST", "/train/", headers={**cookie, "Origin": origin}).status == 403
        assert here.ask("DELETE", "/train/", headers={**cookie, "Origin": origin}).status == 403


def test_another_sites_page_cannot_sign_a_browser_in(here):
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example"}
    body = f"username=trainer&password={here.tokens['trainer']}".encode()
    answer = here.ask("POST", "/login", headers=headers, body=body)
    assert answer.status == 403
    assert "set-cookie" not in answer.headers


def test_only_listed_origins_get_cors_headers(serve):
    here = serve(origins=frozenset({"https://viewer.example"}))
    asked = {"Access-Control-Request-Method": "POST"}
    good = here.ask("OPTIONS", "/info/", headers={"Origin": "https://viewer.example", **asked})
    assert good.headers["access-control-allow-origin"] == "https://viewer.example"
    bad = here.ask("OPTIONS", "/info/", headers={"Origin": "https://evil.example", **asked})
    assert bad.status == 400
    assert "access-control-allow-origin" not in bad.headers
    answer = here.ask("GET", "/info/", "reader", {"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_without_a_list_nobody_gets_cors_headers(here):
    answer = here.ask("GET", "/info/", "reader", {"Origin": "https://evil.example"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_giant_body_is_refused_by_its_length_and_by_its_bytes(here):
    told = here.ask("POST", "/train/", "trainer", {"Content-Length": str(10**12)})
    assert told.status == 413
    # A body that does not tell its length is counted as it comes.
    streamed = here.ask("POST", "/train/", "trainer", {"Content-Type": "application/json"}, b"{" + b" " * 200_000)
    assert streamed.status == 413
    label = here.ask("PUT", f"/datastore/label?image={PET}", "ann", {"Content-Length": str(2**30)})
    assert label.status == 413
    assert here.app.training_now is None
    assert here.app.saved == []


def test_the_length_of_a_body_must_be_a_number(here):
    assert here.ask("POST", "/train/", "trainer", {"Content-Length": "-1"}).status == 400
    assert here.ask("POST", "/train/", "trainer", {"Content-Length": "1e3"}).status == 400


def test_answers_carry_the_headers_that_keep_browsers_safe(here):
    for answer in (here.ask("GET", "/health"), here.ask("GET", "/nothing"), here.ask("GET", "/login")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in answer.headers


def test_with_tls_browsers_are_told_to_keep_to_it(serve):
    assert "strict-transport-security" in serve(secure=True).ask("GET", "/health").headers


def test_an_unexpected_failure_tells_and_logs_nothing_of_the_request(here, caplog):
    here.app.fail = RuntimeError("Patient^Secret^Name")
    headers, body = form({"params": "{}"})
    answer = here.ask("POST", f"/infer/net?image={PET}", "ann", headers, body)
    assert answer.status == 500
    assert b"Secret" not in answer.body
    assert "RuntimeError" in caplog.text
    assert "Secret" not in caplog.text


def test_a_websocket_is_closed(here):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(here.server({"type": "websocket", "path": "/info/"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]
