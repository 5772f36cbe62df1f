"""The words in which an nnU-Net model is refused."""

from __future__ import annotations

from uptake.errors import BundleRefused

COPY_AGAIN = "Copy the folder again, whole, from where it was trained."
RUN_IT_THERE = "Run this model with nnU-Net itself, or train it with nnU-Net's own 3D plans."


def refused(reason: str, remedy: str = RUN_IT_THERE) -> BundleRefused:
    """Build the error; one line each, whatever a file put into it."""
    return BundleRefused(_one_line(f"nnU-Net model: {reason}"), remedy=_one_line(remedy))


def words(text: object) -> str:
    """Text of a file as plain words of at most 100 letters, so that it can stand in an error, a list or a page."""
    kept = "".join(letter if letter.isalnum() or letter in " ._-+/()" else "?" for letter in str(text)[:100])
    return " ".join(kept.split()) or "?"


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
