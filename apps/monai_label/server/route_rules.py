"""The allow-list: every method and path that is answered, and the least role that may ask. All else is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.monai_label.server.accounts import Role
from apps.monai_label.server.refusal import Refusal

_KIB = 1024
_MIB = 1024 * _KIB
SMALL_BODY = 64 * _KIB
LABEL_BODY = 256 * _MIB
STORE_BODY = 128 * _MIB  # held in memory
IMAGE_BODY = 256 * _MIB

NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}"
UID = r"[0-9.]{1,64}"
_SERIES = rf"/dicom-web/studies/{UID}/series/{UID}"
_INSTANCE = rf"{_SERIES}/instances/{UID}"
_SESSION = r"[0-9a-f]{32}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the allow-list.

    Parameters
    ----------
    method, path
        HTTP method, and a regular expression that the whole path must match.
    role
        The least role, or None for what everybody may ask.
    action
        What the audit log calls it; empty: not logged, as it changes nothing and comes by the thousand.
    body_bytes
        The largest body; 0 where none is taken.
    page
        Whether a browser shows it: who is not signed in is led to the sign-in page.
    """

    method: str
    path: str
    role: Role | None
    action: str = ""
    body_bytes: int = 0
    page: bool = False

    def takes(self, path: str) -> bool:
        """Whether this rule is for ``path``."""
        return re.fullmatch(self.path, path) is not None


RULES: tuple[Rule, ...] = (
    Rule("GET", r"/health", None),
    Rule("GET", r"/ready", None),
    Rule("GET", r"/", None, page=True),
    Rule("GET", r"/login", None, page=True),
    Rule("GET", r"/login\.css", None),
    Rule("POST", r"/login", None, "sign in", SMALL_BODY),
    Rule("POST", r"/logout", Role.read, "sign out", SMALL_BODY),
    Rule("GET", r"/auth/", None),
    Rule("POST", r"/auth/token", None, "sign in", SMALL_BODY),
    Rule("GET", r"/auth/token/valid", Role.read),
    Rule("GET", r"/info/", Role.read),
    Rule("POST", rf"/infer/{NAME}", Role.annotate, "infer", SMALL_BODY * 4),
    Rule("POST", rf"/activelearning/{NAME}", Role.annotate, "next exam", SMALL_BODY),
    Rule("GET", r"/datastore/", Role.read, "list exams"),
    Rule("GET", r"/datastore/image", Role.read, "get image"),
    Rule("HEAD", r"/datastore/image", Role.read),
    Rule("GET", r"/datastore/image/info", Role.read, "get image facts"),
    Rule("PUT", r"/datastore/label", Role.annotate, "save label", LABEL_BODY),
    Rule("GET", r"/datastore/label", Role.read, "get label"),
    Rule("HEAD", r"/datastore/label", Role.read),
    Rule("GET", r"/datastore/label/info", Role.read, "get label facts"),
    Rule("GET", r"/train/", Role.read),
    Rule("POST", r"/train/", Role.train, "train", SMALL_BODY),
    Rule("POST", rf"/train/{NAME}", Role.train, "train", SMALL_BODY),
    Rule("DELETE", r"/train/", Role.train, "stop training"),
    Rule("GET", rf"/versions/{NAME}", Role.read),
    Rule("POST", rf"/versions/{NAME}/rollback", Role.train, "roll back", SMALL_BODY),
    Rule("PUT", r"/session/", Role.annotate, "open session", IMAGE_BODY),
    Rule("GET", rf"/session/{_SESSION}", Role.annotate, "get session"),
    Rule("DELETE", rf"/session/{_SESSION}", Role.annotate, "close session"),
    Rule("GET", r"/dicom-web/studies", Role.read, "search studies"),
    Rule("GET", rf"/dicom-web/studies/{UID}/(metadata|series|instances)", Role.read, "read study"),
    Rule("GET", rf"{_SERIES}/(metadata|instances)", Role.read, "read series"),
    Rule("GET", rf"{_SERIES}(/rendered|/thumbnail)?", Role.read, "read series"),
    Rule("GET", rf"{_INSTANCE}(/metadata|/rendered|/thumbnail)?", Role.read),
    Rule("GET", rf"{_INSTANCE}/frames/[0-9]{{1,6}}(,[0-9]{{1,6}}){{0,99}}(/rendered|/thumbnail)?", Role.read),
    Rule("GET", rf"{_INSTANCE}/bulk(data)?/[0-9A-Fa-f]{{8}}(/[0-9]{{1,6}}/[0-9A-Fa-f]{{8}}){{0,8}}", Role.read),
    Rule("POST", rf"/dicom-web/studies(/{UID})?", Role.annotate, "store segmentation", STORE_BODY),
    Rule("GET", r"/ohif/manifest\.json", None),  # browsers ask for it without their cookie
    Rule("GET", r"/ohif", Role.read, page=True),
    Rule(
        "GET",
        r"/ohif/(viewer|segmentation|tmtv|dynamic-volume|monai-label|notfoundserver|notfoundstudy)?(/[a-z]{1,32})?",
        Role.read,
        page=True,
    ),
    Rule("GET", r"/ohif/[A-Za-z0-9_.-]{1,100}(/[A-Za-z0-9_.-]{1,100}){0,3}", Role.read),
)
"""Left out on purpose: model files, batch inference, scoring, logs, whole-slide tools, adding and removing of images
and labels, archives of the data set, reload, the description of the interface, and the open proxy."""

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9_.,~/-]*")


def require_plain_path(raw_path: bytes, path: str) -> str:
    """Give a request's path back where it is plain: no escapes, no empty, ``.`` or ``..`` parts.

    No path that is answered needs a percent sign, so none is decoded: what was checked is what is used.
    """
    try:
        text = raw_path.decode("ascii")
    except UnicodeDecodeError:
        text = ""
    parts = text.split("/")[1:]
    if text != path or not _PLAIN_PATH.fullmatch(text) or len(text) > 1024:
        raise Refusal(400, "The path is not plain.")
    if any(part in {".", ".."} for part in parts) or "" in parts[:-1]:
        raise Refusal(400, "The path is not plain.")
    return text


def rule_for(method: str, path: str, rules: tuple[Rule, ...] = RULES) -> Rule:
    """The rule that allows a request; a Refusal with 404, or 405 where only the method is wrong."""
    matching = [rule for rule in rules if rule.takes(path)]
    for rule in matching:
        if rule.method == method:
            return rule
    if matching:
        allowed = ", ".join(sorted({rule.method for rule in matching}))
        raise Refusal(405, "This method is not answered here.", {"Allow": allowed})
    raise Refusal(404, "There is nothing here.")
