"""From a request's token or cookie to its account, and a browser's way to a cookie."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from apps.monai_label.server.accounts import User
from apps.monai_label.server.oidc import OidcAccounts
from apps.monai_label.server.token_file import TokenFile, token_digest

_LONGEST_S = 12 * 3600.0
_MOST_SESSIONS = 2000
_MOST_FAILURES = 10
_FAILURE_WINDOW_S = 300.0
_LONGEST_TOKEN = 8192


@dataclass(frozen=True, slots=True)
class _SignedIn:
    user: User
    ends: float
    token_sha256: str | None  # of the token file's token, to be looked up again: a removed one ends its sessions


class SignIn:
    """Accounts by token file or OpenID Connect, and the sessions of those who signed in with them.

    A session's secret is random, is not the account's token, and ends after twelve hours or with the token.
    """

    def __init__(
        self,
        tokens: TokenFile | None = None,
        oidc: OidcAccounts | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if tokens is None and oidc is None:
            raise ValueError("a server needs a token file or an OpenID Connect provider")
        self._tokens = tokens
        self._oidc = oidc
        self._clock = clock
        self._sessions: dict[str, _SignedIn] = {}

    def user_of(self, secret: str) -> User | None:
        """Who sent this token or session; None where it is neither. May wait for the provider's keys."""
        if not secret or len(secret) > _LONGEST_TOKEN:
            return None
        signed_in = self._sessions.get(token_digest(secret))
        if signed_in is not None:
            return self._still(signed_in)
        if self._tokens is not None:
            user = self._tokens.user_of(secret)
            if user is not None:
                return user
        return self._oidc.user_of(secret) if self._oidc is not None and secret.count(".") == 2 else None

    def open(self, name: str, token: str) -> tuple[str, User, float] | None:
        """Sign in with a token; gives the session's secret, the account and when it ends, or None.

        ``name`` must be the account's, where one is given.
        """
        if not token or len(token) > _LONGEST_TOKEN:
            return None
        now = self._clock()
        user = self._tokens.user_of(token) if self._tokens is not None else None
        digest = token_digest(token) if user is not None else None
        ends = now + _LONGEST_S
        if user is None and self._oidc is not None:
            found = self._oidc.user_and_end(token)
            if found is not None:
                user, ends = found[0], min(ends, found[1])
        if user is None or (name and name != user.name):
            return None
        self._forget_ended(now)
        secret = secrets.token_urlsafe(32)
        self._sessions[token_digest(secret)] = _SignedIn(user, ends, digest)
        return secret, user, ends

    def close(self, secret: str) -> None:
        """End a session."""
        self._sessions.pop(token_digest(secret), None)

    def _still(self, signed_in: _SignedIn) -> User | None:
        if signed_in.ends <= self._clock():
            return None
        if signed_in.token_sha256 is None:
            return signed_in.user
        return self._tokens.user_of_digest(signed_in.token_sha256) if self._tokens is not None else None

    def _forget_ended(self, now: float) -> None:
        self._sessions = {key: value for key, value in self._sessions.items() if value.ends > now}
        while len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]


class FailureLimit:
    """Counts wrong sign-ins of an address: after ten in five minutes it must wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, list[float]] = {}

    def is_blocked(self, address: str) -> bool:
        """Whether this address failed too often of late."""
        return len(self._recent(address)) >= _MOST_FAILURES

    def count(self, address: str) -> None:
        """Remember a failure."""
        recent = self._recent(address)
        if len(self._failures) > _MOST_SESSIONS:
            self._failures.clear()
        self._failures[address] = [*recent, self._clock()]

    def _recent(self, address: str) -> list[float]:
        start = self._clock() - _FAILURE_WINDOW_S
        recent = [moment for moment in self._failures.get(address, ()) if moment > start]
        if not recent:
            self._failures.pop(address, None)
        return recent
