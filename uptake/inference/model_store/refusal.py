"""The words in which a bundle is refused."""

from __future__ import annotations

from uptake.errors import BundleRefused

FETCH_AGAIN = "Copy or download the bundle again."
MEND = "Mend configs/metadata.json, or ask whoever made the bundle."


def refused(bundle: str, reason: str, remedy: str = FETCH_AGAIN) -> BundleRefused:
    """Build the error: which bundle, what is wrong, what to do. One line, whatever a file put into it."""
    one_line = "".join(letter if letter.isprintable() else "?" for letter in f"model bundle {bundle}: {reason}")
    return BundleRefused(one_line, remedy=remedy)
