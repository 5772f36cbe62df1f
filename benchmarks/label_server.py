"""The annotation server as it runs, with Orthanc, over loopback: does it answer while a model runs, and to how many.

The exam is the first external digital head-and-neck patient. Three questions: ``/health`` while the shipped networks
run over the exam, against the same while nothing runs; a click until its whole label file has come, as OHIF asks for
it; and twenty clients at once, each with its own connection, that click while networks run. ``UPTAKE_BENCH_EXAM`` may
name a folder with a patient's DICOM that is there already.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, perf_counter, sleep

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks._label_server import Client, Health, running_server
from benchmarks._process import bind_to_two_cores
from uptake.phantom.cohort.making import folder_name, make_one
from uptake.phantom.cohort.survival import Hazard
from uptake.phantom.designing import Wish

PATIENT = Wish("head-neck", 900200000, "external")
MODEL = "head_neck_mtv"
ENGINE = "torch"  # on every machine, and nothing is chosen before the first pass
TOOLS = ("region_41_percent", "region_45_percent", "region_50_percent", "region_suv_2_5", "region_suv_4_0")
HEALTH_AIM, CLICK_AIM_S = 5.0, 0.3
ASKED, POINTS, CLIENTS, CLICKS_EACH, NETWORK_CLIENTS = 200, 10, 20, 10, 3
_ANSWERED = {200, 400}  # 400: the region would leak into tissue, and the tool says so
_EVERY_S, _SETTLED_S = 0.005, 1200.0
Seconds = NDArray[np.float64]


def main() -> int:
    """Print the three answers; exit 1 where an aim is missed or a client got an error."""
    bind_to_two_cores()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_server(exam_folder(folder), Path("models"), ENGINE, folder / "work") as client:
            image = next(iter(client.get("/datastore/?output=all").json()["objects"]))
            settle(client, image)
            points = hot_points(client, image, folder)
            held = print_health(client, image)
            held &= print_clicks(client, image, points)
            held &= print_crowd(client, image, points)
    return 0 if held else 1


def exam_folder(folder: Path) -> Path:
    """The patient's DICOM, written where none is given."""
    given = os.environ.get("UPTAKE_BENCH_EXAM")
    if given:
        return Path(given)
    make_one(PATIENT, Hazard(), folder)
    return folder / folder_name(PATIENT) / "dicom"


def settle(client: Client, image: str) -> None:
    """Everything once, and wait until the background has scored the exam: a server at work has done both."""
    start = perf_counter()
    client.infer(MODEL, image).raise_for_status()
    print(f"{MODEL} on {ENGINE}, first pass of a started server: {perf_counter() - start:.1f} s", flush=True)
    end = monotonic() + _SETTLED_S
    headers = {"Authorization": f"Bearer {client.token}"}
    url = f"http://127.0.0.1:{client.port}/activelearning/disagreement"
    while "waiting" in client.session.post(url, headers=headers, json={}, timeout=60).json():
        if monotonic() > end:
            raise RuntimeError("the background did not come to its end")
        sleep(1.0)


def hot_points(client: Client, image: str, folder: Path) -> list[tuple[int, ...]]:
    """[i, j, k] of the hottest voxels that are 40 mm and more apart, as an annotator clicks."""
    path = folder / "suv.nii.gz"
    path.write_bytes(client.get(f"/datastore/image?image={image}").content)
    volume = SimpleITK.ReadImage(str(path))
    suv = SimpleITK.GetArrayFromImage(volume)
    apart = tuple(max(1, round(40.0 / step)) for step in volume.GetSpacing()[::-1])
    peaks = np.argwhere((suv == ndimage.maximum_filter(suv, apart)) & (suv > 2.5))
    peaks = peaks[np.argsort(-suv[tuple(peaks.T)])][:POINTS]
    print(f"exam of {'x'.join(map(str, suv.shape))} voxels, {len(peaks)} points", flush=True)
    return [tuple(int(at) for at in peak[::-1]) for peak in peaks]


def print_health(client: Client, image: str) -> bool:
    """Print ``/health`` idle and while networks run; whether both ratios hold."""
    health = Health(client.port)
    idle = asked(health, ASKED)
    running, passes = threading.Event(), 0
    during: list[float] = []
    while len(during) < ASKED:
        worker = threading.Thread(target=_one_pass, args=(Client(client.port, client.token), image, running))
        running.set()
        worker.start()
        sleep(0.2)  # the request is in the queue's thread by then
        while running.is_set() and len(during) < ASKED:
            during.append(health.seconds())
            sleep(_EVERY_S)
        worker.join()
        passes += 1
    busy = np.array(during)
    ratios = [float(np.percentile(busy, share) / np.percentile(idle, share)) for share in (50, 95)]
    print(f"/health while {MODEL} runs, {len(busy)} requests in {passes} passes: {shown(busy)}; idle: {shown(idle)}; "
          f"{ratios[0]:.1f}x and {ratios[1]:.1f}x (aim at most {HEALTH_AIM:.0f}x); longest {1e3 * busy.max():.0f} ms",
          flush=True)  # fmt: skip
    return max(ratios) <= HEALTH_AIM


def asked(health: Health, count: int) -> Seconds:
    """Seconds of each of many requests, with pauses between them as while a model runs."""
    found = []
    for _ in range(count):
        found.append(health.seconds())
        sleep(_EVERY_S)
    return np.array(found)


def print_clicks(client: Client, image: str, points: Sequence[tuple[int, ...]]) -> bool:
    """Print a click's way by HTTP; whether the 95th percentile holds, and most gave a region."""
    found, leaks = [], 0
    for tool in TOOLS:
        for point in points:
            start = perf_counter()
            status = _require(client.infer(tool, image, [point]).status_code)
            found.append(perf_counter() - start)
            leaks += status != 200
    clicks = np.array(found)
    print(f"click to region by HTTP, {len(clicks)} clicks with {len(TOOLS)} tools: {shown(clicks)} "
          f"(aim {1e3 * CLICK_AIM_S:.0f} ms), {leaks} refused as leaks", flush=True)  # fmt: skip
    return leaks <= len(clicks) / 2 and float(np.percentile(clicks, 95)) <= CLICK_AIM_S


def print_crowd(client: Client, image: str, points: Sequence[tuple[int, ...]]) -> bool:
    """Print what twenty clients at once got; whether none got an error."""

    def work(number: int) -> list[tuple[int, float]]:
        own, answers = Client(client.port, client.token), []
        asked_for: list[tuple[str, tuple[int, ...]]] = [(MODEL, ())] if number < NETWORK_CLIENTS else []
        asked_for += [(TOOLS[(number + turn) % len(TOOLS)], points[(number + turn) % len(points)])
                      for turn in range(CLICKS_EACH)]  # fmt: skip
        for model, point in asked_for:
            start = perf_counter()
            answers.append((own.infer(model, image, [point] if point else ()).status_code, perf_counter() - start))
        return answers

    start = perf_counter()
    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = [answer for each in threads.map(work, range(CLIENTS)) for answer in each]
    whole = perf_counter() - start
    wrong = sorted({status for status, _ in answers if status not in _ANSWERED})
    took = np.array([each for _, each in answers])
    print(f"{CLIENTS} clients at once, {NETWORK_CLIENTS} of them with a first pass: {len(answers)} requests in "
          f"{whole:.1f} s, {shown(took)}, longest {took.max():.1f} s; errors: {', '.join(map(str, wrong)) or 'none'}",
          flush=True)  # fmt: skip
    return not wrong


def shown(seconds: Seconds) -> str:
    """Median and 95th percentile, in ms."""
    return f"median {1e3 * np.median(seconds):.1f} ms, 95th percentile {1e3 * np.percentile(seconds, 95):.1f} ms"


def _one_pass(client: Client, image: str, running: threading.Event) -> None:
    try:
        client.infer(MODEL, image).raise_for_status()
    finally:
        running.clear()


def _require(status: int) -> int:
    if status not in _ANSWERED:
        raise RuntimeError(f"the server answered {status}")
    return status


if __name__ == "__main__":
    raise SystemExit(main())
