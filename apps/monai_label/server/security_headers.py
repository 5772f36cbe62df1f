"""Headers that every answer carries, and the content policy of pages."""

from __future__ import annotations

import base64
import hashlib
import re

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)

ANSWER_POLICY = "default-src 'none'; frame-ancestors 'none'"
LOGIN_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"


def viewer_policy(index_html: str) -> str:
    """Content-Security-Policy of a viewer's pages: this server alone, and the page's own inline scripts by their hash.

    Nothing is fetched from elsewhere: the viewer's wish for fonts and for addresses of other servers is refused.
    """
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in _INLINE_SCRIPT.findall(index_html)
        if text
    )
    return (
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval' blob: {hashes}; "
        "worker-src 'self' blob:; connect-src 'self' blob: data:; img-src 'self' blob: data:; "
        "style-src 'self' 'unsafe-inline'; font-src 'self' data:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


def answer_headers(*, secure: bool) -> dict[str, str]:
    """The headers of every answer; a route may set its own instead."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",  # with no-referrer a browser hides the origin of its own forms
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
        "Content-Security-Policy": ANSWER_POLICY,
        "Cache-Control": "no-store",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
