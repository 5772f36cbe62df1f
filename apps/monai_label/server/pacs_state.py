"""Whether the PACS answers, asked at most every few seconds."""

from __future__ import annotations

import asyncio
import time

import httpx

_FRESH_S = 3.0
_PATIENCE_S = 2.0


class PacsState:
    """Asks the PACS for one study, without waiting long.

    Parameters
    ----------
    client
        For the PACS, with its credentials.
    url
        Of its DICOMweb root.
    """

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/studies?limit=1"
        self._asked = -_FRESH_S
        self._up = False
        self._lock = asyncio.Lock()

    async def is_up(self) -> bool:
        """Whether it answered within two seconds, now or three seconds ago at most."""
        async with self._lock:
            if time.monotonic() - self._asked >= _FRESH_S:
                self._up = await self._ask()
                self._asked = time.monotonic()
            return self._up

    async def _ask(self) -> bool:
        try:
            answer = await self._client.get(
                self._url, headers={"Accept": "application/dicom+json"}, timeout=_PATIENCE_S
            )
        except httpx.HTTPError:
            return False
        return answer.status_code in {200, 204}
