"""DICOMweb through the server, against a small PACS on a real port."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from apps.monai_label.server.application import PacsAccess
from tests.apps.monai_label.orthanc_server import free_port
from tests.apps.monai_label.server.served import HOST, PET, STUDY, call

SERIES = f"/dicom-web/studies/{STUDY}/series"


class Pacs(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    asked = ()
    status = 200
    body = None
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        type(self).asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        url = f"http://127.0.0.1:{self.server.server_port}/dicom-web"
        body = self.body or json.dumps([{"7FE00010": {"BulkDataURI": f"{url}/studies/1.2.3/bulk"}}]).encode()
        self.send_response(self.status)
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "pacs=secret")
        self.send_header("Server", "pacs")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def pacs():
    handler = type("Answers", (Pacs,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def here(serve, pacs):
    return serve(pacs=PacsAccess(f"http://127.0.0.1:{pacs.server_port}/dicom-web", ("uptake", "password")))


def ask(here, *targets, user="reader", method="GET", **headers):
    """Requests within the server's life, as its client for the PACS lives as long."""

    async def road():
        messages = [{"type": "lifespan.startup"}]
        ends, started = asyncio.Event(), asyncio.Event()

        async def receive():
            if messages:
                return messages.pop()
            await ends.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message):
            started.set()

        life = asyncio.create_task(here.server({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send))
        await started.wait()
        sent = {"Host": HOST, **(here.bearer(user) if user else {}), **headers}
        answers = [await call(here.server, method, target, sent) for target in targets]
        ends.set()
        await life
        return answers

    found = asyncio.run(road())
    return found if len(found) > 1 else found[0]


def test_what_is_on_the_list_is_asked_of_the_pacs_with_our_credentials(here, pacs):
    answer = ask(here, f"{SERIES}?Modality=PT&limit=5", Accept="application/dicom+json")
    path, headers = pacs.RequestHandlerClass.asked[0]
    assert answer.status == 200
    assert path == f"{SERIES}?Modality=PT&limit=5"
    assert headers["authorization"].startswith("Basic ")
    assert headers["accept"] == "application/dicom+json"
    assert here.tokens["reader"] not in str(headers)


def test_links_lead_to_this_server_and_the_pacs_headers_stay_there(here):
    answer = ask(here, SERIES)
    assert json.loads(answer.body)[0]["7FE00010"]["BulkDataURI"] == f"http://{HOST}/dicom-web/studies/1.2.3/bulk"
    assert "set-cookie" not in answer.headers
    assert "server" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "target",
    [
        "/dicom-web/studies",
        f"/dicom-web/studies/{STUDY}/series",
        f"/dicom-web/studies/{STUDY}/metadata",
        f"{SERIES}/{PET}/metadata",
        f"{SERIES}/{PET}/instances",
        f"{SERIES}/{PET}/instances/1.2.3.4",
        f"{SERIES}/{PET}/instances/1.2.3.4/frames/1",
        f"{SERIES}/{PET}/instances/1.2.3.4/frames/1,2,3",
        f"{SERIES}/{PET}/instances/1.2.3.4/rendered",
        f"{SERIES}/{PET}/instances/1.2.3.4/bulk/7FE00010",
        f"{SERIES}/{PET}/instances/1.2.3.4/bulk/54000100/1/54001010",
    ],
)
def test_a_viewer_can_read_what_it_needs(here, pacs, target):
    assert ask(here, target).status == 200
    assert pacs.RequestHandlerClass.asked[0][0] == target


@pytest.mark.parametrize(
    "target",
    [
        "/dicom-web/studies/../../tools/execute-script",
        "/dicom-web/studies/%2e%2e/tools",
        "/dicom-web/instances",
        "/dicom-web/series",
        f"/dicom-web/studies/{STUDY}",
        "/dicom-web/studies/1.2.3a/series",
        f"{SERIES}/{PET}/instances/1.2.3.4/frames/../../x",
        f"{SERIES}/{PET}/instances/1.2.3.4/bulk/../x",
        "/dicom-web/studies/" + "1" * 65 + "/series",
    ],
)
def test_nothing_else_reaches_the_pacs(here, pacs, target):
    assert ask(here, target, user="trainer").status in {400, 404, 405}
    for method in ("PUT", "DELETE", "PATCH"):
        assert ask(here, target, user="trainer", method=method).status in {400, 404, 405}
    assert pacs.RequestHandlerClass.asked == []


def test_a_query_that_is_none_of_dicomweb_is_refused(here, pacs):
    for query in ("a/b=1", "x=%00", "x=%0d%0aHost:+evil", "x=" + "y" * 300):
        assert ask(here, f"/dicom-web/studies?{query}").status == 400
    assert ask(here, "/dicom-web/studies", Accept="a\\b").status == 400
    assert pacs.RequestHandlerClass.asked == []


def test_a_pacs_that_does_not_let_us_in_or_sends_us_elsewhere_is_not_followed(here, pacs):
    for status in (401, 403, 302):
        pacs.RequestHandlerClass.status = status
        assert ask(here, "/dicom-web/studies").status == 502


def test_a_pacs_that_takes_no_connection_for_a_moment_is_asked_again(serve):
    address, made = ("127.0.0.1", free_port()), []

    def begin():
        made.append(ThreadingHTTPServer(address, type("Answers", (Pacs,), {"asked": []})))
        made[0].serve_forever(0.01)

    later = threading.Timer(0.2, begin)
    later.start()
    answer = ask(serve(pacs=PacsAccess(f"http://127.0.0.1:{address[1]}/dicom-web")), SERIES)
    made[0].shutdown()
    made[0].server_close()
    later.join()
    assert answer.status == 200


def test_a_connection_that_ends_without_an_answer_is_not_the_end(here, pacs):
    handler, plain = pacs.RequestHandlerClass, Pacs.do_GET

    def hang_up_on_every_second(self):
        if len(self.asked) % 2:
            self.asked.append((self.path, {}))
            self.close_connection = True
        else:
            plain(self)

    handler.do_GET = hang_up_on_every_second
    answers = ask(here, *[SERIES] * 5)
    assert [each.status for each in answers] == [200] * 5
    assert len(handler.asked) == 9

    def hang_up(self):
        self.asked.append((self.path, {}))
        self.close_connection = True

    handler.do_GET, handler.asked = hang_up, []
    assert ask(here, SERIES).status == 503
    assert len(handler.asked) == 3


def test_a_pacs_that_is_down_is_a_clear_state_and_health_still_answers(here, pacs):
    pacs.shutdown()
    pacs.server_close()
    studies, ready, health, info = ask(here, "/dicom-web/studies", "/ready", "/health", "/info/")
    assert (studies.status, studies.headers["retry-after"]) == (503, "10")
    assert (ready.status, json.loads(ready.body)["pacs"]) == (503, "down")
    assert (health.status, info.status) == (200, 200)


def test_a_pacs_that_is_up_makes_the_server_ready(here):
    ready = ask(here, "/ready")
    assert (ready.status, json.loads(ready.body)["pacs"]) == (200, "up")


def test_opening_a_study_is_seeing_its_labels(here):
    here.app.version, here.app.author = 2, "ann"
    ask(here, SERIES, user="ben")
    assert here.services.seen.seen("ben", PET) == 2
    assert here.services.seen.seen("reader", PET) == 0


def test_the_application_is_closed_with_the_server(here):
    ask(here, "/health")
    assert here.app.closed
