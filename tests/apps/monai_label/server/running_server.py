"""The whole server as a process, and MONAI Label's own Python client for it."""

import importlib
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import requests

from tests.apps.monai_label.orthanc_server import OrthancServer, free_port

_START_S = 900.0  # importing takes ten seconds, and minutes on a machine that trains
_NOWHERE = "http://127.0.0.1:9"


class Running:
    """A server process; ``stop`` ends it by its process id."""

    def __init__(self, work: Path, *options: str, models: Path = Path("models")):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = work.with_suffix(".log")
        self.work = work
        command = [sys.executable, "-m", "apps.monai_label", "--work", str(work), "--port", str(self.port)]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                # Choosing the fastest engine takes longer than any of these tests.
                [*command, "--models", str(models), "--engine", "torch", "--new-tokens", *options],
                stdout=log,
                stderr=log,
                # Whatever would be downloaded behind our back, as upstream does, fails.
                env={**os.environ, "OMP_NUM_THREADS": "1", "http_proxy": _NOWHERE, "https_proxy": _NOWHERE},
            )
        end = time.monotonic() + _START_S
        while "Ready: open" not in self.text() or not self._answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise AssertionError(self.text())
            time.sleep(0.2)
        self.tokens = dict(re.findall(r"account (\w+) .*token (\S+)", self.text()))

    def text(self):
        return self.log.read_text()

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
            status = self.process.wait(90)
            assert how != signal.SIGTERM or status == 0, f"{status}: {self.text()[-500:]}"

    def client(self, user):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module("monailabel.client.client")
        client = module.MONAILabelClient(self.url)
        assert client.auth_enabled()
        client.update_auth(client.auth_token(user, self.tokens[user]))
        assert client.auth_valid_token()
        return client

    def ask(self, method, path, user, **more):
        headers = {"Authorization": f"Bearer {self.tokens[user]}", **more.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=300, **more)

    def get(self, path, user, **more):
        return self.ask("GET", path, user, **more)

    def _answers(self):
        try:
            return requests.get(f"{self.url}/health", timeout=10).status_code == 200
        except requests.RequestException:
            return False


def with_pacs(pacs: OrthancServer, work: Path, models: Path, *more: str) -> Running:
    """A server before a PACS that may go down while it runs."""
    user, password = pacs.credentials
    secret = work.with_suffix(".password")
    secret.write_text(password)
    options = ("--pacs", pacs.dicomweb_url, "--pacs-account", user, "--pacs-password-file", str(secret))
    return Running(work, *options, *more, models=models)
