"""Running models: what may be asked, what is answered, and what happens while one runs."""

import asyncio
import json
import threading
import time
from email import message_from_bytes

import pytest

from apps.monai_label.exams.exam_errors import PacsUnavailable
from apps.monai_label.server.refusal import QueueFull
from apps.monai_label.server.work_queue import WorkQueue
from tests.apps.monai_label.server.served import CT, HOST, PET, call, form
from uptake.errors import BundleRefused


def infer(here, target=f"/infer/net?image={PET}", params=None, user="ann", **more):
    headers, body = form({"params": json.dumps(params or {}), **more.get("fields", {})}, more.get("files"))
    return here.ask("POST", target, user, headers, body)


def test_the_label_and_its_facts_come_as_a_form(here):
    answer = infer(here)
    assert answer.status == 200
    mail = message_from_bytes(f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode() + answer.body)
    facts, label = mail.get_payload()
    assert json.loads(facts.get_payload(decode=True)) == {"label_names": {"lesion": 1}}
    assert label.get_filename() == "net.nii.gz"
    assert label.get_payload(decode=True)[:2] == b"\x1f\x8b"
    assert here.app.asked[0].series_uid == PET
    assert here.app.asked[0].user == "ann"


def test_the_viewer_gets_the_file_alone_in_the_format_it_asks_for(here):
    params = {
        "result_extension": ".nrrd",
        "result_dtype": "uint8",
        "result_compress": False,
        "restore_label_idx": False,
    }
    answer = infer(here, f"/infer/net?image={CT}&output=image", params)
    assert answer.status == 200
    assert answer.body.startswith(b"NRRD")
    assert here.app.asked[0].params == params
    assert not list(here.app.folder.glob("answer-*"))


def test_facts_alone_and_segmentations(here):
    assert json.loads(infer(here, f"/infer/net?image={PET}&output=json").body) == {"label_names": {"lesion": 1}}
    segmentation = infer(here, f"/infer/net?image={PET}&output=dicom_seg")
    assert segmentation.headers["content-type"] == "application/dicom"
    assert segmentation.body[128:] == b"DICM"


def test_what_slicer_and_ohif_call_a_label_is_understood(here):
    assert infer(here, params={"label": "lesion", "foreground": [[1, 2, 3]]}).status == 200
    assert here.app.asked[0].params == {"label_name": "lesion", "foreground": [[1, 2, 3]]}
    assert infer(here, params={"label_prompt": [1]}).status == 200
    assert here.app.asked[1].params == {"label_prompt": [1]}


@pytest.mark.parametrize(
    "image", ["/etc/passwd", "file:///etc/passwd", "../../etc/passwd", "1.2.3/../..", "", "1..2", "a" * 70, "1" * 65]
)
def test_an_image_that_is_no_uid_is_refused(here, image):
    from urllib.parse import quote

    answer = infer(here, f"/infer/net?image={quote(image, safe='')}")
    assert answer.status == 400
    assert b"passwd" not in answer.body
    assert here.app.asked == []
    assert "passwd" not in here.audit_text()


def test_an_image_that_is_not_listed_is_not_there(here):
    assert infer(here, "/infer/net?image=9.9.9").status == 404
    assert infer(here, "/infer/none?image=1.2.3.1").status == 404
    assert infer(here, "/infer/net").status == 400
    assert here.app.asked == []


@pytest.mark.parametrize(
    "params",
    [
        {"image": "/etc/passwd"},
        {"image": PET},
        {"label": "/etc/passwd"},
        {"model": "other"},
        {"model_filename": "x.pt"},
        {"session_id": "x"},
        {"path": "x"},
        {"result_extension": ".nii.gz/../../x"},
        {"result_extension": ".pkl"},
        {"result_dtype": "object"},
        {"result_compress": "yes"},
        {"foreground": "[[1,2,3]]"},
        {"foreground": [[1, 2]]},
        {"foreground": [[1, 2, 1e9]]},
        {"foreground": [["1", 2, 3]]},
        {"foreground": [[1, 2, 3]] * 1001},
        {"levels": 3},
        {"levels": [1]},
        {"strength": "many"},
        {"strength": True},
        {"fine": 1},
        {"device": "cuda"},
        {"label": "nothing announced"},
        {"label": ["lesion"]},
        {"label": "lesion", "label_name": "lesion"},
        {"label_prompt": "1"},
        {"label_prompt": [0]},
        {"label_prompt": [1.5]},
        {"label_info": [{"idx": 1}]},
        {"label_info": [{"name": "lesion", "idx": 300}]},
        {"unknown": 1},
        {"": 1},
    ],
)
def test_params_are_an_allow_list(here, params):
    assert infer(here, params=params).status == 400
    assert here.app.asked == []


@pytest.mark.parametrize(
    "text",
    ["[]", "{", '{"fine": NaN}', '{"fine": true, "fine": false}', "1", "[" * 5000, '{"a":' * 5000, "\udcff"],
)
def test_params_must_be_an_object_with_each_key_once(here, text):
    headers, body = form({})
    body = body.replace(b"--limit-of-the-form--", b"")
    part = b'--limit-of-the-form\r\nContent-Disposition: form-data; name="params"\r\n\r\n'
    body += part + text.encode("utf-8", "surrogateescape") + b"\r\n--limit-of-the-form--\r\n"
    assert here.ask("POST", f"/infer/net?image={PET}", "ann", headers, body).status == 400
    assert here.app.asked == []


def test_options_that_are_announced_and_clicks_pass(here):
    params = {"levels": 2, "strength": "2.5", "fine": True, "client_id": None}
    assert infer(here, params=params).status == 200
    assert here.app.asked[0].params == {"levels": 2, "strength": 2.5, "fine": True}
    clicks = {"foreground": [[1, 2, 3]], "background": [], "liver": [[4, 5, 6]]}
    assert infer(here, f"/infer/click?image={PET}", clicks).status == 200
    assert here.app.asked[1].params == clicks
    assert infer(here, params={"liver": [[4, 5, 6]]}).status == 400


def test_files_and_further_parts_are_refused(here):
    assert infer(here, files={"file": ("x.nii.gz", b"x")}).status == 400
    assert infer(here, files={"label": ("x.nii.gz", b"x")}).status == 400
    assert infer(here, fields={"image": "x"}).status == 400
    assert infer(here, f"/infer/net?image={PET}&device=cuda").status == 400
    assert infer(here, f"/infer/net?image={PET}&image=9.9").status == 400
    assert infer(here, f"/infer/net?image={PET}&output=exec").status == 400
    assert infer(here, f"/infer/net?image={PET}&session_id={'0' * 32}").status == 422
    assert here.app.asked == []


def test_a_broken_model_and_a_pacs_that_is_down_are_clear_answers(here):
    here.app.fail = BundleRefused("net: its weights do not have the listed hash.", remedy="Install it again.")
    broken = infer(here)
    assert broken.status == 503
    assert b"hash" in broken.body
    here.app.fail = PacsUnavailable("The PACS does not answer.")
    down = infer(here)
    assert (down.status, down.headers["retry-after"]) == (503, "10")
    here.app.fail = None
    assert infer(here).status == 200


def test_health_answers_while_a_model_runs_and_clicks_do_not_wait(here):
    here.app.hold = threading.Event()
    headers, body = form({"params": "{}"})
    sent = {"Host": HOST, **here.bearer("ann"), **headers}

    async def road():
        slow = asyncio.create_task(call(here.server, "POST", f"/infer/net?image={PET}", sent, body))
        await asyncio.to_thread(here.app.started.wait, 5)
        begun = time.perf_counter()
        health = await call(here.server, "GET", "/health", {"Host": HOST})
        click = await call(here.server, "POST", f"/infer/click?image={PET}", sent, body)
        ready = await call(here.server, "GET", "/ready", {"Host": HOST})
        waited = time.perf_counter() - begun
        running = not slow.done()
        here.app.hold.set()
        return health, click, ready, waited, running, await slow

    health, click, ready, waited, running, slow = asyncio.run(road())
    assert (health.status, click.status, slow.status) == (200, 200, 200)
    assert running
    assert waited < 2
    assert json.loads(ready.body)["working"]["inference"] == 1


def test_twenty_clients_at_once_are_all_answered(here):
    headers, body = form({"params": "{}"})
    sent = {"Host": HOST, **here.bearer("ann"), **headers}

    async def road():
        return await asyncio.gather(
            *(call(here.server, "POST", f"/infer/net?image={PET}", sent, body) for _ in range(20))
        )

    assert [answer.status for answer in asyncio.run(road())] == [200] * 20


def test_a_full_queue_says_so_and_empties_again():
    hold = threading.Event()

    async def road():
        queue = WorkQueue("test", running=1, waiting=1)
        first = [asyncio.create_task(queue.run(lambda: hold.wait(5))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(QueueFull):
            await queue.run(lambda: None)
        hold.set()
        await asyncio.gather(*first)
        await asyncio.sleep(0.05)
        assert queue.taken == 0
        assert await queue.run(lambda: 7) == 7
        queue.close()

    asyncio.run(road())


def test_a_client_that_went_away_keeps_its_place_until_its_work_is_done():
    hold = threading.Event()

    async def road():
        queue = WorkQueue("test", running=1, waiting=0)
        task = asyncio.create_task(queue.run(lambda: hold.wait(5)))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        with pytest.raises(QueueFull):
            await queue.run(lambda: None)
        hold.set()
        await asyncio.sleep(0.1)
        assert await queue.run(lambda: 1) == 1
        queue.close()

    asyncio.run(road())


def test_a_full_queue_is_429(here):
    here.app.hold = threading.Event()
    headers, body = form({"params": "{}"})
    sent = {"Host": HOST, **here.bearer("ann"), **headers}
    most = 25  # one runs and 24 wait

    async def road():
        tasks = [
            asyncio.create_task(call(here.server, "POST", f"/infer/net?image={PET}", sent, body))
            for _ in range(most + 1)
        ]
        done, _ = await asyncio.wait(tasks, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        here.app.hold.set()
        return [task.result() for task in done], await asyncio.gather(*tasks)

    early, all_of_them = asyncio.run(road())
    assert [answer.status for answer in early] == [429]
    assert early[0].headers["retry-after"] == "5"
    assert sorted(answer.status for answer in all_of_them) == [200] * most + [429]


def test_nothing_that_was_sent_stays_in_the_upload_folder(here):
    infer(here)
    assert list((here.token_file.parent / "work" / "uploads").iterdir()) == []
