"""Accounts of an OpenID Connect provider: a signed token (JWT), checked in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import jwt

from apps.monai_label.server.accounts import Role, User, is_account_name

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Asymmetric only: a token signed with the public key as an HMAC secret, or not at all, is none of these."""


class SigningKeys(Protocol):
    """Where a provider's public keys come from."""

    def get_signing_key_from_jwt(self, token: str | bytes) -> jwt.PyJWK:
        """The key that the token's header names."""


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """What a token must say.

    Parameters
    ----------
    issuer, audience
        ``iss`` and ``aud`` that a token must carry.
    jwks_url
        Where the provider's public keys are.
    name_claim, roles_claim
        Which claims hold the account's name and its roles; a dot goes one level down.
    roles
        The provider's role names and ours; any other name gives nothing.
    """

    issuer: str
    audience: str
    jwks_url: str
    name_claim: str = "preferred_username"
    roles_claim: str = "realm_access.roles"
    roles: Mapping[str, Role] = field(
        default_factory=lambda: {
            "uptake-read": Role.read,
            "uptake-annotate": Role.annotate,
            "uptake-train": Role.train,
        }
    )

    def __post_init__(self) -> None:
        if not (self.issuer and self.audience and self.jwks_url):
            raise ValueError("OpenID Connect needs an issuer, an audience and the address of the keys")


class OidcAccounts:
    """Checks a JWT's signature, issuer, audience and times; the keys are fetched once and kept for five minutes."""

    def __init__(self, settings: OidcSettings, keys: SigningKeys | None = None) -> None:
        self._settings = settings
        self._keys = keys or jwt.PyJWKClient(settings.jwks_url, cache_keys=True, lifespan=300, timeout=5)

    def user_of(self, token: str) -> User | None:
        """Who the token is for, or None where anything about it is wrong. May ask the provider for its keys."""
        found = self.user_and_end(token)
        return None if found is None else found[0]

    def user_and_end(self, token: str) -> tuple[User, float] | None:
        """Who the token is for, and when it ends in seconds since 1970."""
        settings = self._settings
        try:
            claims = jwt.decode(
                token,
                self._keys.get_signing_key_from_jwt(token).key,
                algorithms=list(_ALGORITHMS),
                audience=settings.audience,
                issuer=settings.issuer,
                options={"require": ["exp", "iat", "iss", "aud"]},
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        name = _claim(claims, settings.name_claim)
        roles = _claim(claims, settings.roles_claim)
        ours = [settings.roles[role] for role in roles if role in settings.roles] if _is_texts(roles) else []
        if not isinstance(name, str) or not is_account_name(name) or not ours:
            return None
        return User(name, max(ours)), float(claims["exp"])


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    value: Any = claims
    for part in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
