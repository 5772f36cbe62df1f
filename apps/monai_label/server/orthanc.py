"""An Orthanc of our own, where no PACS is given: on this machine alone, with a random password, ended with us."""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from uptake.errors import InputRefused, UptakeError

_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_START_S = 30.0
_END_S = 10.0
_PR_SET_PDEATHSIG = 1
_REMEDY = "Install it (sudo apt-get install orthanc orthanc-dicomweb), or give your own PACS with --pacs URL."


class OrthancFailed(UptakeError):
    """Orthanc did not start, or refused a file."""


class OwnOrthanc:
    """A running Orthanc with DICOMweb, on 127.0.0.1.

    Parameters
    ----------
    folder
        For its configuration and storage; what was stored before is there again.

    Raises
    ------
    InputRefused
        If Orthanc or its DICOMweb plugin is not installed.
    OrthancFailed
        If it does not answer in half a minute.
    """

    def __init__(self, folder: Path) -> None:
        program = _program()
        if program is None or not _PLUGIN.exists():
            raise InputRefused("Orthanc or its DICOMweb plugin is not installed.", remedy=_REMEDY)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self.port = _free_port()
        self.account = ("uptake", secrets.token_urlsafe(24))
        configuration = self._write_configuration()
        self._log = (folder / "orthanc.log").open("wb")
        self._process = subprocess.Popen(  # noqa: S603 - the program of the operating system, our configuration
            [program, str(configuration)],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            preexec_fn=_end_with_parent,
        )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """Of the DICOMweb root."""
        return f"http://127.0.0.1:{self.port}/dicom-web"

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def import_folder(self, folder: Path, progress: Callable[[int, int], None] | None = None) -> int:
        """Store every DICOM file below a folder, once; gives how many were stored now.

        Raises
        ------
        InputRefused
            If there is no such folder.
        OrthancFailed
            If Orthanc stops answering.
        """
        if not folder.is_dir():
            raise InputRefused("There is no folder to import.", remedy="Give a folder with DICOM files.")
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and _is_dicom(path)]
        stored = 0
        with httpx.Client(auth=self.account, timeout=60.0, trust_env=False) as client:
            for done, path in enumerate(files, start=1):
                try:
                    answer = client.post(f"http://127.0.0.1:{self.port}/instances", content=path.read_bytes())
                except httpx.HTTPError as error:
                    raise OrthancFailed("Orthanc stopped answering while exams were imported.") from error
                if answer.status_code != 200:
                    raise OrthancFailed(f"Orthanc refused a file with status {answer.status_code}.")
                stored += answer.json().get("Status") == "Success"
                if progress is not None:
                    progress(done, len(files))
        return stored

    def stop(self) -> None:
        """End the process that was started here, and wait for it."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def _write_configuration(self) -> Path:
        name, password = self.account
        configuration = {
            "Name": "uptake",
            "StorageDirectory": str(self._folder / "storage"),
            "IndexDirectory": str(self._folder / "index"),
            "HttpPort": self.port,
            "DicomServerEnabled": False,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True,
            "RegisteredUsers": {name: password},
            "ExecuteLuaEnabled": False,
            "HttpsVerifyPeers": True,
            "OverwriteInstances": False,
            "SaveJobs": False,
            "Plugins": [str(_PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
        }
        path = self._folder / "orthanc.json"
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(configuration, file, indent=1)
        return path

    def _wait(self) -> None:
        end = time.monotonic() + _START_S
        with httpx.Client(auth=self.account, timeout=2.0, trust_env=False) as client:
            while time.monotonic() < end:
                if self._process.poll() is not None:
                    break
                try:
                    if client.get(f"{self.url}/studies?limit=1").status_code in {200, 204}:
                        return
                except httpx.HTTPError:
                    pass
                time.sleep(0.1)
        raise OrthancFailed(f"Orthanc did not start; {self._folder / 'orthanc.log'} says why.")


def is_installed() -> bool:
    """Whether an Orthanc with DICOMweb can be started here."""
    return _program() is not None and _PLUGIN.exists()


def _program() -> str | None:
    return shutil.which("Orthanc", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def _end_with_parent() -> None:
    # A server that is killed outright must not leave its Orthanc behind (Linux).
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
