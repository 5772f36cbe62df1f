"""Why a request for a label is refused."""

from __future__ import annotations

from uptake.errors import InputRefused


class RequestRefused(InputRefused):
    """A parameter that is unknown, or has a value that it cannot have."""


class ClickRefused(InputRefused):
    """A click that is malformed, outside the exam, in air, or where nothing can be grown or edited."""


class RegionLeaks(ClickRefused):
    """A region that would grow through the body: nothing parts it from the tissue around."""


class ModelUnavailable(InputRefused):
    """A model that is listed and cannot be used here, or not for this exam."""
