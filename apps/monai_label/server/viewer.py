"""The viewer that comes with MONAI Label, with its configuration replaced by ours."""

from __future__ import annotations

import importlib.util
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from apps.monai_label.server.refusal import Refusal
from apps.monai_label.server.security_headers import viewer_policy
from apps.monai_label.server.viewer_changes import changed_files

BASE = "/ohif"
_PAGE = re.compile(r"(viewer|segmentation|tmtv|dynamic-volume|monai-label|notfoundserver|notfoundstudy)(/[a-z]{1,32})?")
_HASHED = re.compile(r".*\.(bundle\.[0-9a-f]{20}\.js|wasm)")


def wheel_viewer() -> Path | None:
    """The folder of the viewer in the installed monailabel, which is not imported for it; None where it is not."""
    found = importlib.util.find_spec("monailabel")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(next(iter(found.submodule_search_locations))) / "endpoints" / "static" / "ohif"
    return folder if (folder / "index.html").is_file() else None


@dataclass(frozen=True, slots=True)
class Viewers:
    """Folders of the viewers that are served; None where there is none.

    Parameters
    ----------
    annotation
        With the MONAI Label mode, at ``BASE``.
    results
        For results, at the root path.
    """

    annotation: Path | None = None
    results: Path | None = None


def app_config(base: str = BASE) -> str:
    """The viewer's configuration at a path: this server's DICOMweb and, at ``BASE``, this server in the panel."""
    source = {
        "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
        "sourceName": "dicomweb",
        "configuration": {
            "friendlyName": "Uptake",
            "name": "uptake",
            "wadoUriRoot": "/dicom-web",
            "qidoRoot": "/dicom-web",
            "wadoRoot": "/dicom-web",
            "qidoSupportsIncludeField": False,
            "supportsReject": False,
            "imageRendering": "wadors",
            "thumbnailRendering": "wadors",
            "enableStudyLazyLoad": True,
            "supportsFuzzyMatching": False,
            "supportsWildcard": True,
            "dicomUploadEnabled": False,
            "omitQuotationForMultipartRequest": True,
            "bulkDataURI": {"enabled": True, "relativeResolution": "studies"},
        },
    }
    config = {
        "routerBasename": f"{base}/",
        "showStudyList": True,
        "extensions": [],
        "modes": [],
        "showWarningMessageForCrossOrigin": False,
        "showCPUFallbackMessage": True,
        "showLoadingIndicator": True,
        "strictZSpacingForVolumeViewport": True,
        "investigationalUseDialog": {"option": "never"},
        "defaultDataSourceName": "dicomweb",
        "useSharedArrayBuffer": "FALSE",
        "dataSources": [source],
    }
    # The panel takes its server from this cookie, and would else guess port 8000 without TLS. The path is the one that
    # it writes with itself: its cookie would be read before one of another path, even from a server of another port.
    panel = (
        f"document.cookie='MONAILABEL_SERVER_URL='+escape(window.location.origin+'/')+'; path={BASE}; samesite=strict';"
    )
    return f"window.config = {json.dumps(config, indent=1)};\n" + (f"{panel}\n" if base == BASE else "")


class Viewer(StaticFiles):
    """The viewer's files; a page's path gives its start page, and any other path that is no file gives 404."""

    def __init__(self, folder: Path, base: str = BASE) -> None:
        super().__init__(directory=folder, follow_symlink=False)
        self._index = (folder / "index.html").read_text("utf-8")
        self._headers = {
            "Content-Security-Policy": viewer_policy(self._index),
            "Cross-Origin-Embedder-Policy": "require-corp",
        }
        self._config = app_config(base)
        self._changed = changed_files(folder) if base == BASE else {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer for a path below the viewer's."""
        name = Path(os.path.normpath(path)).as_posix()
        if name == "app-config.js":
            return Response(self._config, media_type="text/javascript")
        if name in {".", "index.html"} or _PAGE.fullmatch(name):
            return HTMLResponse(self._index, headers=self._headers)
        if name in self._changed:
            return Response(self._changed[name], media_type="text/javascript", headers=self._headers)
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            raise Refusal(404 if error.status_code == 404 else 405, "There is no such file.") from error
        if name.endswith(".wasm"):
            response.headers["Content-Type"] = "application/wasm"
        if name.endswith(".js"):
            # Workers take their policy from their own file.
            response.headers["Content-Security-Policy"] = self._headers["Content-Security-Policy"]
            response.headers["Cross-Origin-Embedder-Policy"] = "require-corp"
        keep = "private, max-age=31536000, immutable" if _HASHED.fullmatch(name) else "private, no-cache"
        response.headers["Cache-Control"] = keep
        return response
