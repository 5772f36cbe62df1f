"""A real Orthanc with DICOMweb for tests: on a free port of 127.0.0.1, its own storage, ended by its process id."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "uptake", "only-for-tests"
_START_S = 60.0


def orthanc_program() -> str | None:
    """Orthanc's path, or None where it or its DICOMweb plugin is not installed."""
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")
    return program if program and PLUGIN.exists() else None


def require_orthanc() -> str:
    """Orthanc's path; the test is skipped where it is not installed."""
    program = orthanc_program()
    if program is None:
        pytest.skip("needs Orthanc and its DICOMweb plugin (Debian: orthanc, orthanc-dicomweb)")
    return program


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class OrthancServer:
    """One Orthanc; ``stop`` and ``start`` again keep what it stores (a PACS that goes down and comes back)."""

    program: str
    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def dicomweb_url(self) -> str:
        return f"{self.url}/dicom-web"

    @property
    def credentials(self) -> tuple[str, str]:
        return USER, PASSWORD

    def start(self) -> OrthancServer:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "Name": "uptake-tests",
            "StorageDirectory": str(self.folder / "storage"),
            "IndexDirectory": str(self.folder / "storage"),
            "HttpPort": self.port,
            "DicomServerEnabled": False,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {USER: PASSWORD},
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": True},
        }
        configuration = self.folder / "orthanc.json"
        configuration.write_text(json.dumps(settings))
        with (self.folder / "orthanc.log").open("ab") as log:
            self.process = subprocess.Popen([self.program, str(configuration)], stdout=log, stderr=log)
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"Orthanc ended: {(self.folder / 'orthanc.log').read_text()[-2000:]}")
            try:
                if requests.get(f"{self.url}/system", auth=self.credentials, timeout=1).ok:
                    return self
            except requests.RequestException:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError("Orthanc did not answer in time")

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
            self.process = None

    def kill(self) -> None:
        """End it at once: for the end of a test, whose storage is thrown away."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def store(self, *folders: Path) -> int:
        """Send every file under the folders; returns how many Orthanc took."""
        sent = 0
        with requests.Session() as session:
            session.auth = self.credentials
            for path in sorted(each for folder in folders for each in folder.rglob("*") if each.is_file()):
                answer = session.post(f"{self.url}/instances", data=path.read_bytes(), timeout=30)
                answer.raise_for_status()
                sent += 1
        return sent

    def instances(self, modality: str) -> list[str]:
        """Orthanc's ids of all instances of a modality."""
        query = {"Level": "Instance", "Query": {"Modality": modality}}
        answer = requests.post(f"{self.url}/tools/find", json=query, auth=self.credentials, timeout=30)
        answer.raise_for_status()
        return list(answer.json())

    def remove(self, instance: str) -> None:
        """Delete one of Orthanc's ids."""
        requests.delete(f"{self.url}/instances/{instance}", auth=self.credentials, timeout=30).raise_for_status()

    def file(self, instance: str) -> bytes:
        """The DICOM file of one of Orthanc's ids."""
        answer = requests.get(f"{self.url}/instances/{instance}/file", auth=self.credentials, timeout=30)
        answer.raise_for_status()
        return answer.content
