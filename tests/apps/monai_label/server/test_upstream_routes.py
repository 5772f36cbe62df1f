"""Every route that upstream serves: ours is refused, or wants the right role."""

import re

import pytest

from apps.monai_label.server.accounts import Role
from apps.monai_label.server.route_rules import RULES
from tests.apps.monai_label.server.served import PET

# Upstream's routes and the least role that ours wants; None: not answered to anybody. By hand, from what each does.
WANTED = {
    ("GET", "/info/"): Role.read,
    ("GET", "/auth/"): "everybody",
    ("POST", "/auth/token"): "everybody",
    ("GET", "/auth/token/valid"): Role.read,
    ("GET", "/model/{model}"): None,
    ("GET", "/model/info/{model}"): None,
    ("PUT", "/model/{model}"): None,
    ("DELETE", "/model/{model}"): None,
    ("POST", "/infer/{model}"): Role.annotate,
    ("POST", "/infer/wsi/{model}"): None,
    ("POST", "/infer/wsi_v2/{model}"): None,
    ("GET", "/batch/infer"): None,
    ("POST", "/batch/infer/{model}"): None,
    ("DELETE", "/batch/infer"): None,
    ("GET", "/train/"): Role.read,
    ("POST", "/train/"): Role.train,
    ("POST", "/train/{model}"): Role.train,
    ("DELETE", "/train/"): Role.train,
    ("POST", "/activelearning/{strategy}"): Role.annotate,
    ("GET", "/scoring/"): None,
    ("POST", "/scoring/"): None,
    ("POST", "/scoring/{method}"): None,
    ("DELETE", "/scoring/"): None,
    ("GET", "/datastore/"): Role.read,
    ("PUT", "/datastore/"): None,
    ("DELETE", "/datastore/"): None,
    ("PUT", "/datastore/image"): None,
    ("DELETE", "/datastore/image"): None,
    ("HEAD", "/datastore/image"): Role.read,
    ("GET", "/datastore/image"): Role.read,
    ("GET", "/datastore/image/info"): Role.read,
    ("PUT", "/datastore/image/info"): None,
    ("PUT", "/datastore/label"): Role.annotate,
    ("DELETE", "/datastore/label"): None,
    ("HEAD", "/datastore/label"): Role.read,
    ("GET", "/datastore/label"): Role.read,
    ("GET", "/datastore/label/info"): Role.read,
    ("PUT", "/datastore/label/info"): None,
    ("PUT", "/datastore/updatelabelinfo"): None,
    ("GET", "/datastore/dataset"): None,
    ("GET", "/logs/"): None,
    ("GET", "/logs/gpu"): None,
    ("GET", "/ohif/{path:path}"): Role.read,
    ("GET", "/proxy/dicom/wado/{path:path}"): None,
    ("POST", "/proxy/dicom/wado/{path:path}"): None,
    ("GET", "/proxy/dicom/qido/{path:path}"): None,
    ("POST", "/proxy/dicom/qido/{path:path}"): None,
    ("GET", "/proxy/dicom/stow/{path:path}"): None,
    ("POST", "/proxy/dicom/stow/{path:path}"): None,
    ("GET", "/proxy/dicom/{path:path}"): None,
    ("POST", "/proxy/dicom/{path:path}"): None,
    ("GET", "/session/{session_id}"): Role.annotate,
    ("PUT", "/session/"): Role.annotate,
    ("DELETE", "/session/{session_id}"): Role.annotate,
    ("GET", "/"): "everybody",
    ("GET", "/favicon.ico"): None,
    ("POST", "/reload"): None,
    ("GET", "/openapi.json"): None,
    ("GET", "/docs"): None,
    ("GET", "/static"): None,
}
_VALUES = {
    "model": "net",
    "strategy": "random",
    "method": "dice",
    "session_id": "0" * 32,
    "path:path": "studies",
}
_BELOW = {Role.read: (None,), Role.annotate: (None, "reader"), Role.train: (None, "reader", "ann")}
_LEAST = {Role.read: "reader", Role.annotate: "ann", Role.train: "trainer"}


def concrete(path):
    return re.sub(r"\{([^}]*)\}", lambda found: _VALUES[found[1]], path)


@pytest.mark.parametrize(("method", "path"), [key for key, role in WANTED.items() if role is None])
def test_routes_that_are_not_answered(here, method, path):
    for user in (None, "reader", "ann", "trainer"):
        assert here.ask(method, concrete(path), user).status in {404, 405}
    assert here.app.asked == []
    assert here.app.saved == []


@pytest.mark.parametrize(("method", "path"), [key for key, role in WANTED.items() if isinstance(role, Role)])
def test_routes_want_their_role(here, method, path):
    role, target = WANTED[method, path], concrete(path)
    for user in _BELOW[role]:
        expected = {401} if user is None else {403}
        answer = here.ask(method, target, user)
        assert answer.status in (expected | {303} if path.startswith("/ohif") else expected)
    assert here.ask(method, target, _LEAST[role]).status not in {401, 403, 303}
    assert here.app.saved == []


def test_the_table_knows_every_route_of_upstream():
    pytest.importorskip("monailabel")
    known = {(method, path.rstrip("/")) for method, path in WANTED}
    missing = {(method, path) for method, path in upstream_routes() if (method, path.rstrip("/")) not in known}
    assert missing == set()


def upstream_routes():
    """From upstream's source, which is not imported: importing it starts its application."""
    import ast
    import importlib.util
    from pathlib import Path

    root = Path(importlib.util.find_spec("monailabel").submodule_search_locations[0])
    for file in [*(root / "endpoints").glob("*.py"), root / "app.py"]:
        tree = ast.parse(file.read_text())
        prefixes = [
            keyword.value.value
            for call in ast.walk(tree)
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "APIRouter"
            for keyword in call.keywords
            if keyword.arg == "prefix"
        ]
        for function in ast.walk(tree):
            for decorator in getattr(function, "decorator_list", []):
                verb = getattr(getattr(decorator, "func", None), "attr", "")
                if verb in {"get", "put", "post", "delete", "head", "patch"}:
                    yield verb.upper(), f"{prefixes[0] if prefixes else ''}{decorator.args[0].value}"


def test_upstream_has_as_many_routes_as_were_read():
    pytest.importorskip("monailabel")
    assert len(set(upstream_routes())) > 50


def test_every_route_of_ours_is_on_the_allow_list(here):
    routes = here.services  # the gate's rules are the only way in: a route without a rule is dead
    assert routes is not None
    answered = {(rule.method, rule.path) for rule in RULES}
    assert len(answered) == len(RULES)
    assert all(rule.role is not None or rule.method == "GET" or "sign in" in rule.action for rule in RULES)


def test_a_route_beyond_the_allow_list_is_not_reached(here):
    assert here.ask("GET", f"/dicom-web/studies/{PET}/secret", "trainer").status == 404
    assert here.ask("OPTIONS", "/info/", "trainer").status == 405
    assert here.ask("PATCH", "/datastore/label", "trainer").status == 405
    assert here.ask("TRACE", "/info/", "trainer").status == 405
