"""Who asks, and what they may do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


class Role(IntEnum):
    """What an account may do; each role includes those before it."""

    read = 1
    annotate = 2
    train = 3


def is_account_name(text: str) -> bool:
    """Whether ``text`` may name an account: letters, digits and ``._@-``, at most 64."""
    return _NAME.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class User:
    """An account that proved who it is; ``role`` is the highest that it has."""

    name: str
    role: Role

    def __post_init__(self) -> None:
        if not is_account_name(self.name):
            raise ValueError("an account's name has letters, digits and ._@-, at most 64")
