"""Accounts with tokens, in a file that holds only the tokens' SHA-256."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from apps.monai_label.server.accounts import Role, User
from uptake.errors import InputRefused
from uptake.whole_file import put_whole

SCHEMA = "uptake.label-tokens/1"


def token_digest(token: str) -> str:
    """SHA-256 of a token, as the file keeps it. Tokens are random, so no salt or slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Account:
    """One line of the file; ``expires`` in seconds since 1970, or None for never."""

    user: User
    sha256: str
    expires: float | None


class TokenFile:
    """Accounts of a token file, read again when it changes, so that a removed token stops working at once.

    A file that has become unreadable or broken lets nobody in.

    Raises
    ------
    InputRefused
        At the start, where the file is missing, broken, or readable by other accounts of the machine.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = Lock()
        self._accounts = _read(path)
        self._stamp = _stamp(path)

    def user_of(self, token: str) -> User | None:
        """Who holds this token, or None where it is unknown or expired."""
        return self.user_of_digest(token_digest(token))

    def user_of_digest(self, digest: str) -> User | None:
        """Who holds the token with this SHA-256, or None where it is unknown or expired."""
        found: User | None = None
        for account in self._current():
            same = hmac.compare_digest(account.sha256, digest)
            if same and (account.expires is None or account.expires > self._clock()):
                found = account.user
        return found

    def _current(self) -> tuple[Account, ...]:
        with self._lock:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._accounts = _read(self._path)
                except InputRefused:
                    self._accounts = ()
            return self._accounts


def make_token_file(path: Path, users: tuple[User, ...]) -> dict[str, str]:
    """Write a new token file and give each account's token, which is kept nowhere else."""
    tokens = {user.name: secrets.token_urlsafe(32) for user in users}
    entries = [
        {"name": user.name, "role": user.role.name, "sha256": token_digest(tokens[user.name]), "expires": None}
        for user in users
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    with put_whole(path) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"schema": SCHEMA, "users": entries}, file, indent=1)
    return tokens


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read(path: Path) -> tuple[Account, ...]:
    try:
        if path.stat().st_mode & 0o077:
            raise _refused("Other accounts of this machine can read it.", f"Run: chmod 600 {path}")
        document = json.loads(path.read_text("utf-8"))
        if document["schema"] != SCHEMA:
            raise ValueError("schema")
        accounts = tuple(_account(entry) for entry in document["users"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _refused("It cannot be read.", "Make a new one with --new-tokens.") from error
    if len({account.user.name for account in accounts}) != len(accounts):
        raise _refused("A name is in it twice.", "Name every account once.")
    return accounts


def _account(entry: dict[str, Any]) -> Account:
    digest = entry["sha256"]
    if not isinstance(digest, str) or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ValueError("sha256")
    expires = entry.get("expires")
    return Account(User(entry["name"], Role[entry["role"]]), digest, None if expires is None else _seconds(expires))


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _refused(reason: str, remedy: str) -> InputRefused:
    return InputRefused(f"The token file cannot be used. {reason}", remedy=remedy)
