"""Tokens, sign-in, sessions of browsers, OpenID Connect."""

import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from apps.monai_label.server.accounts import Role, User
from apps.monai_label.server.oidc import OidcAccounts, OidcSettings
from apps.monai_label.server.sign_in import FailureLimit, SignIn
from apps.monai_label.server.token_file import TokenFile, make_token_file, token_digest
from tests.apps.monai_label.server.served import USERS
from uptake.errors import InputRefused

URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


def login_body(user, token):
    return f"username={user}&password={token}".encode()


def test_the_file_holds_hashes_alone_and_is_its_owners(tmp_path):
    tokens = make_token_file(tmp_path / "tokens.json", USERS)
    text = (tmp_path / "tokens.json").read_text()
    assert not any(token in text for token in tokens.values())
    assert token_digest(tokens["ann"]) in text
    assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o600
    assert len(set(tokens.values())) == len(USERS)


def test_a_file_that_others_can_read_is_refused(tmp_path):
    make_token_file(tmp_path / "tokens.json", USERS)
    (tmp_path / "tokens.json").chmod(0o644)
    with pytest.raises(InputRefused, match="chmod 600"):
        TokenFile(tmp_path / "tokens.json")


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["users"][0].update(role="owner"),
        lambda document: document["users"][0].update(name="../x"),
        lambda document: document["users"][0].update(sha256="abc"),
        lambda document: document["users"][1].update(name="reader"),
        lambda document: document.update(schema="other"),
        lambda document: document.pop("users"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, change):
    path = tmp_path / "tokens.json"
    make_token_file(path, USERS)
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(InputRefused, match="token file"):
        TokenFile(path)


def test_a_token_ends_when_the_file_says(tmp_path):
    path = tmp_path / "tokens.json"
    tokens = make_token_file(path, USERS)
    document = json.loads(path.read_text())
    document["users"][0]["expires"] = "2030-01-01T00:00:00+00:00"  # 1893456000 s
    path.write_text(json.dumps(document))
    now = [1893455999.0]
    accounts = TokenFile(path, clock=lambda: now[0])
    assert accounts.user_of(tokens["reader"]) == User("reader", Role.read)
    now[0] = 1893456000.0
    assert accounts.user_of(tokens["reader"]) is None


def test_a_removed_token_and_its_sessions_end_at_once(here):
    secret, _, _ = here.services.sign_in.open("ann", here.tokens["ann"])
    session = {"Authorization": f"Bearer {secret}"}
    assert here.ask("GET", "/info/", headers=session).status == 200
    document = json.loads(here.token_file.read_text())
    document["users"] = [user for user in document["users"] if user["name"] != "ann"]
    here.token_file.write_text(json.dumps(document))
    assert here.ask("GET", "/info/", headers=session).status == 401
    assert here.ask("GET", "/info/", "ann").status == 401
    assert here.ask("GET", "/info/", "ben").status == 200


def test_a_file_that_breaks_lets_nobody_in(here):
    here.token_file.write_text("{")
    assert here.ask("GET", "/info/", "trainer").status == 401
    here.token_file.unlink()
    assert here.ask("GET", "/info/", "trainer").status == 401


def test_a_browser_gets_a_cookie_that_scripts_and_other_sites_cannot_use(serve):
    here = serve(secure=True)
    answer = here.ask("POST", "/login", headers=URLENCODED, body=login_body("ann", here.tokens["ann"]))
    cookie = answer.headers["set-cookie"]
    assert (answer.status, answer.headers["location"]) == (303, "/ohif/")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Secure", "Path=/"))
    assert here.tokens["ann"] not in cookie
    value = cookie.partition(";")[0]
    assert here.ask("GET", "/info/", headers={"Cookie": value}).status == 200
    assert here.ask("POST", "/logout", headers={"Cookie": value}).status == 303
    assert here.ask("GET", "/info/", headers={"Cookie": value}).status == 401


def test_a_wrong_sign_in_gets_no_cookie_and_the_page_again(here):
    for user, token in (("ann", "wrong"), ("ben", here.tokens["ann"]), ("ann", "")):
        answer = here.ask("POST", "/login", headers=URLENCODED, body=login_body(user, token))
        assert answer.status == 401
        assert "set-cookie" not in answer.headers
        assert b"<form" in answer.body


def test_clients_exchange_their_token_for_one_that_ends(here):
    assert json.loads(here.ask("GET", "/auth/").body)["enabled"] is True
    answer = here.ask("POST", "/auth/token", headers=URLENCODED, body=login_body("ann", here.tokens["ann"]))
    found = json.loads(answer.body)
    assert found["token_type"] == "bearer"
    assert 0 < found["expires_in"] <= 12 * 3600
    valid = here.ask("GET", "/auth/token/valid", headers={"Authorization": f"bearer {found['access_token']}"})
    assert json.loads(valid.body)["roles"] == ["annotate"]


def test_a_session_ends_after_twelve_hours(tmp_path):
    tokens = make_token_file(tmp_path / "tokens.json", USERS)
    now = [1000.0]
    sign_in = SignIn(TokenFile(tmp_path / "tokens.json"), clock=lambda: now[0])
    secret, _, ends = sign_in.open("ann", tokens["ann"])
    assert ends == 1000.0 + 12 * 3600
    now[0] = ends - 1
    assert sign_in.user_of(secret) == User("ann", Role.annotate)
    now[0] = ends
    assert sign_in.user_of(secret) is None


def test_who_guesses_must_wait(here):
    statuses = [
        here.ask("POST", "/auth/token", headers=URLENCODED, body=login_body("ann", f"guess-{n}")).status
        for n in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2
    right = here.ask("POST", "/auth/token", headers=URLENCODED, body=login_body("ann", here.tokens["ann"]))
    assert right.status == 429


def test_the_wait_is_five_minutes():
    now = [0.0]
    limit = FailureLimit(lambda: now[0])
    for _ in range(10):
        limit.count("a")
    assert limit.is_blocked("a")
    assert not limit.is_blocked("b")
    now[0] = 301.0
    assert not limit.is_blocked("a")


class Keys:
    """The provider's key, without the provider."""

    def __init__(self, public):
        self.key = public

    def get_signing_key_from_jwt(self, token):
        return self


@pytest.fixture(scope="module")
def private():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def oidc(private):
    settings = OidcSettings("https://id.example", "uptake", "https://id.example/keys")
    return OidcAccounts(settings, Keys(private.public_key()))


def claims(**changes):
    now = int(time.time())
    document = {
        "iss": "https://id.example",
        "aud": "uptake",
        "iat": now,
        "exp": now + 60,
        "preferred_username": "ann",
        "realm_access": {"roles": ["uptake-read", "uptake-annotate", "other"]},
    }
    document.update(changes)
    return {key: value for key, value in document.items() if value is not None}


def test_a_right_token_of_the_provider_gives_its_highest_role(oidc, private):
    token = jwt.encode(claims(), private, "RS256")
    assert oidc.user_of(token) == User("ann", Role.annotate)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1000},
        {"exp": None},
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "other"},
        {"aud": None},
        {"iat": None},
        {"nbf": 4102444800},
        {"preferred_username": "../x"},
        {"preferred_username": None},
        {"realm_access": {"roles": ["other"]}},
        {"realm_access": {"roles": "uptake-train"}},
        {"realm_access": None},
    ],
)
def test_a_token_that_is_wrong_in_one_thing_is_wrong(oidc, private, changes):
    assert oidc.user_of(jwt.encode(claims(**changes), private, "RS256")) is None


def test_a_token_of_another_key_or_no_signature_is_wrong(oidc, private):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert oidc.user_of(jwt.encode(claims(), other, "RS256")) is None
    assert oidc.user_of(jwt.encode(claims(), None, "none")) is None
    assert oidc.user_of(jwt.encode(claims(), "x" * 64, "HS256")) is None
    body = jwt.encode(claims(), private, "RS256").split(".")
    assert oidc.user_of(".".join((body[0], body[1], ""))) is None


def test_a_session_by_the_provider_ends_with_its_token(oidc, private):
    sign_in = SignIn(None, oidc)
    token = jwt.encode(claims(exp=int(time.time()) + 30), private, "RS256")
    secret, user, ends = sign_in.open("", token)
    assert user.name == "ann"
    assert ends <= time.time() + 31
    assert sign_in.user_of(secret) == user
    assert sign_in.user_of(token) == user


def test_a_server_without_accounts_does_not_start():
    with pytest.raises(ValueError, match="token file"):
        SignIn(None, None)


def test_the_audit_log_names_who_did_what_and_no_secret(here):
    here.ask("POST", "/auth/token", headers=URLENCODED, body=login_body("ann", here.tokens["ann"]))
    here.ask("GET", "/datastore/?output=all", "reader")
    here.ask("GET", "/dicom-web/studies?PatientName=Secret^Name", "reader")
    here.ask("POST", "/train/net", "ann")
    lines = [json.loads(line) for line in here.audit_text().splitlines()]
    assert [(line["user"], line["action"], line["status"]) for line in lines] == [
        ("ann", "sign in", 200),
        ("reader", "list exams", 200),
        ("reader", "search studies", 404),
        ("ann", "train", 403),
    ]
    assert "Secret" not in here.audit_text()
    assert not any(token in here.audit_text() for token in here.tokens.values())
    (log,) = here.audit.iterdir()
    assert log.stat().st_mode & 0o777 == 0o600
