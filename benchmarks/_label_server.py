"""The annotation server as a process with an Orthanc of its own, for the benchmark that asks it over loopback."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import requests

_START_S, _END_S, _PATIENCE_S = 900.0, 120.0, 900.0


@dataclass
class Client:
    """One client with a connection of its own.

    Parameters
    ----------
    port
        Of the server, on 127.0.0.1.
    token
        Of an account that may annotate.
    """

    port: int
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def infer(self, model: str, image: str, points: Sequence[Sequence[int]] = ()) -> requests.Response:
        """Run a model or a click tool and read its whole answer, asked as OHIF's panel asks."""
        params = {"result_extension": ".nrrd", "result_dtype": "uint8", "result_compress": False}
        clicks = {"foreground": [list(point) for point in points], "background": []} if points else {}
        target = f"http://127.0.0.1:{self.port}/infer/{model}?image={image}&output=image"
        files = {"params": (None, json.dumps({**params, **clicks}))}
        return self.session.post(target, files=files, headers=self._headers(), timeout=_PATIENCE_S)

    def get(self, path: str) -> requests.Response:
        """Read something."""
        return self.session.get(f"http://127.0.0.1:{self.port}{path}", headers=self._headers(), timeout=_PATIENCE_S)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class Health:
    """``/health`` on one open connection, by the standard library's client, which adds least."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def seconds(self) -> float:
        """Of one request and its answer; HTTPException where it is not 200."""
        start = time.perf_counter()
        self._connection.request("GET", "/health")
        answer = self._connection.getresponse()
        answer.read()
        took = time.perf_counter() - start
        if answer.status != 200:
            raise HTTPException(f"/health answered {answer.status}")
        return took


@contextmanager
def running_server(exams: Path, models: Path, engine: str, work: Path) -> Iterator[Client]:
    """A server with the exams in its Orthanc, until the block ends; RuntimeError where it does not start."""
    port, log = _free_port(), work.with_suffix(".log")
    command = [sys.executable, "-W", "ignore", "-m", "apps.monai_label", "--work", str(work), "--port", str(port)]
    command += ["--import", str(exams), "--models", str(models), "--engine", engine]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        _wait(process, port, log)
        yield Client(port, _tokens(log)["annotator"])
    finally:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            Health(port).seconds()
        except (OSError, HTTPException):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")


def _tokens(log: Path) -> dict[str, str]:
    return dict(re.findall(r"account (\w+) .*token (\S+)", log.read_text()))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
