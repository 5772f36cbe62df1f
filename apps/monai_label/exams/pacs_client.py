"""Asks a PACS by DICOMweb, again where it stumbles, and says clearly when it is down."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from dicomweb_client.web import DICOMwebClient

from apps.monai_label.exams.exam_errors import PacsUnavailable
from apps.monai_label.exams.exam_source import SegmentationPlace, SourceState, StoreRefused
from uptake.dicom.files.received_objects import failed_instances, read_to_send, write_received
from uptake.errors import UnreadableFile

_Answer = TypeVar("_Answer")
_AS_STORED = (("application/dicom", "*"),)
_ALREADY_STORED = frozenset({0x0111})  # duplicate SOP Instance (PS3.7 annex C)
_MOST_PAGES = 20_000
_QUIET_S = 2.0


@dataclass(frozen=True, slots=True)
class PacsAddress:
    """A PACS's DICOMweb root and how to ask it.

    Parameters
    ----------
    url
        Such as ``http://127.0.0.1:8042/dicom-web``.
    user, password, token
        Basic authentication, or a bearer token.
    certificates
        PEM file of authorities to trust; None for the system's.
    timeout_s
        To connect, and for each wait on an answer.
    pauses_s
        Before each further attempt.
    page
        How many results are asked for at once.
    """

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    certificates: Path | None = None
    timeout_s: float = 20.0
    pauses_s: tuple[float, ...] = (0.2, 0.8, 2.0)
    page: int = 500

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError("the PACS's address is an http or https URL without credentials and query")
        if self.page < 1 or self.timeout_s <= 0:
            raise ValueError("page and timeout are positive")


class NotInPacs(Exception):
    """The PACS answered that it has no such thing."""


class PacsClient:
    """One PACS; its methods raise PacsUnavailable when it does not answer after all attempts."""

    def __init__(self, address: PacsAddress) -> None:
        self.address = address
        self._local = threading.local()
        self._lock = threading.Lock()
        self._state = SourceState(available=True)
        self._failed = 0.0

    def state(self) -> SourceState:
        """What the last request said."""
        return self._state

    def search(self, level: str, filters: Mapping[str, str], fields: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
        """Every result of a QIDO-RS query for ``series``, page by page, each once.

        References
        ----------
        DICOM PS3.18, 8.3.4.4 (limit and offset) and 10.6.
        """
        seen: set[str] = set()
        offset = 0
        for _ in range(_MOST_PAGES):
            page = self._page(level, filters, fields, offset)
            new = [row for row in page if (uid := text_of(row, "0020000E")) and uid not in seen]
            # A PACS that does not know offsets sends the same again and again.
            if not new:
                return
            seen |= {text_of(row, "0020000E") for row in new}
            yield from new
            offset += len(page)

    def instances(self, study_uid: str, series_uid: str, limit: int | None = None) -> list[str]:
        """SOP Instance UIDs of a series."""
        try:
            rows = self._asked(
                "list a series' objects",
                lambda client: client.search_for_instances(study_uid, series_uid, limit=limit),
            )
        except NotInPacs:
            return []
        return [uid for row in rows if (uid := text_of(row, "00080018"))]

    def download_series(self, study_uid: str, series_uid: str, folder: Path) -> int:
        """Write every object of a series into a folder, as stored; returns how many."""

        def load(client: DICOMwebClient) -> int:
            received = client.iter_series(study_uid, series_uid, media_types=_AS_STORED)
            return len({write_received(dataset, folder) for dataset in received})

        return self._asked("send a series", load)

    def download(self, place: SegmentationPlace, folder: Path) -> Path:
        """Write one object into a folder."""
        uids = place.study_uid, place.series_uid, place.sop_instance_uid
        return self._asked("send an object", lambda client: write_received(client.retrieve_instance(*uids), folder))

    def store(self, path: Path, place: SegmentationPlace) -> None:
        """Send an object by STOW-RS; one that is there already counts as stored.

        Raises
        ------
        StoreRefused
            If the PACS answers that it will not have it.
        """
        dataset = read_to_send(path)
        try:
            answer = self._asked("take an object", lambda client: client.store_instances([dataset], place.study_uid))
        except (NotInPacs, _Rejected) as error:
            raise StoreRefused(str(error)) from error
        failed = failed_instances(answer)
        reason = failed.get(place.sop_instance_uid)
        if reason is not None and reason not in _ALREADY_STORED:
            raise StoreRefused(f"failure reason {reason:04X}H")

    def _page(
        self, level: str, filters: Mapping[str, str], fields: tuple[str, ...], offset: int
    ) -> list[Mapping[str, Any]]:
        if level != "series":
            raise ValueError("only series are searched")
        try:
            page = self._asked(
                "list its series",
                lambda client: client.search_for_series(
                    fields=list(fields), limit=self.address.page, offset=offset, search_filters=dict(filters)
                ),
            )
        except (NotInPacs, _Rejected) as error:
            if offset:  # how some say that there are no more
                return []
            raise self._down(f"The PACS does not list its series: {error}.") from error
        return [row for row in page if isinstance(row, dict)]

    def _asked(self, what: str, ask: Callable[[DICOMwebClient], _Answer]) -> _Answer:
        """Ask, and again after each pause; at once no more than one attempt while the PACS is known to be down."""
        pauses: list[float | None] = [*self.address.pauses_s, None]
        if not self._state.available and time.monotonic() - self._failed < _QUIET_S:
            pauses = [None]
        why = ""
        for pause in pauses:
            try:
                answer = self._once(ask)
            except _Stumbled as error:
                why = str(error)
            else:
                self._note(SourceState(available=True))
                return answer
            if pause is not None:
                time.sleep(pause)
        raise self._down(f"The PACS does not {what}: {why}.")

    def _once(self, ask: Callable[[DICOMwebClient], _Answer]) -> _Answer:
        try:
            with warnings.catch_warnings():
                # The client warns of answers that are not quite as the standard has them.
                warnings.simplefilter("ignore")
                return ask(self._client())
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            if status in (404, 410):
                raise NotInPacs(f"it answers {status}") from error
            if status in (400, 406, 409, 413, 415, 422):
                raise _Rejected(f"it answers {status}") from error
            if status in (401, 403):
                remedy = "Check the user, password or token that the server was given."
                raise self._down(f"The PACS refuses our credentials ({status}).", remedy) from error
            raise _Stumbled(f"it answers {status}") from error
        except requests.RequestException as error:
            raise _Stumbled(type(error).__name__) from error
        except OSError:
            raise
        except (UnreadableFile, ValueError, KeyError, AttributeError, EOFError, TypeError) as error:
            raise _Stumbled(f"its answer cannot be read ({type(error).__name__})") from error

    def _client(self) -> DICOMwebClient:
        # A session is not safe to share between threads.
        client: DICOMwebClient | None = getattr(self._local, "client", None)
        if client is None:
            session = requests.Session()
            session.trust_env = False
            if self.address.certificates is not None:
                session.verify = str(self.address.certificates)
            if self.address.token:
                session.headers["Authorization"] = f"Bearer {self.address.token}"
            elif self.address.user:
                session.auth = (self.address.user, self.address.password)
            client = DICOMwebClient(self.address.url, session=session, timeout=self.address.timeout_s)
            client.set_http_retry_params(retry=False)
            self._local.client = client
        return client

    def _note(self, state: SourceState) -> None:
        with self._lock:
            self._state = state

    def _down(self, why: str, remedy: str = "") -> PacsUnavailable:
        with self._lock:
            self._state = SourceState(False, why, self._state.since or time.time())
            self._failed = time.monotonic()
        return PacsUnavailable(why, remedy=remedy) if remedy else PacsUnavailable(why)


class _Rejected(Exception):
    """The PACS says that the request itself is wrong."""


class _Stumbled(Exception):
    """One attempt failed in a way that another may not."""


def text_of(row: Mapping[str, Any], tag: str) -> str:
    """The first value of an attribute in the DICOM JSON model as text; empty where it is absent or odd.

    References
    ----------
    DICOM PS3.18 annex F.
    """
    element = row.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    first = values[0] if isinstance(values, list) and values else None
    return str(first).strip() if isinstance(first, (str, int, float)) else ""
