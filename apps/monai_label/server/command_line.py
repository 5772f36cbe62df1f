"""What ``python -m apps.monai_label`` understands."""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from uptake.errors import InputRefused
from uptake.settings import ENGINES

_EXAMPLES = """examples:
  python -m apps.monai_label --import exams/            own Orthanc with these exams, http://127.0.0.1:8000/
  python -m apps.monai_label --pacs http://pacs:8042/dicom-web --pacs-account uptake --pacs-password-file secret
  python -m apps.monai_label --studies exams/           a folder alone: for 3D Slicer and the Python client
  python -m apps.monai_label --host 0.0.0.0 --name label.hospital.example --tls-cert c.pem --tls-key k.pem ...
exit status: 0 ended, 2 refused, 3 failed, 64 wrong usage"""


@dataclass(frozen=True, slots=True)
class Options:
    """The server's settings; valid from construction, or InputRefused."""

    work: Path
    models: Path
    engine: str
    host: str
    port: int
    names: tuple[str, ...]
    pacs: str | None
    pacs_account: str
    pacs_password_file: Path | None
    studies: Path | None
    imports: tuple[Path, ...]
    authors: tuple[str, ...]
    tokens: Path
    new_tokens: bool
    oidc_issuer: str
    oidc_audience: str
    oidc_jwks: str
    origins: tuple[str, ...]
    tls_cert: Path | None
    tls_key: Path | None
    behind_proxy: bool
    results_viewer: Path | None = None

    def __post_init__(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise InputRefused("TLS needs a certificate and its key.", remedy="Give --tls-cert and --tls-key.")
        if not self.is_loopback and not self.secure:
            raise InputRefused(
                "Other machines would reach this server without TLS.",
                remedy="Give --tls-cert and --tls-key, or --behind-proxy where a proxy before it ends TLS.",
            )
        if not self.is_loopback and not self.names:
            raise InputRefused(
                "The name by which browsers reach the server is not known.", remedy="Give --name, once for each."
            )
        if self.pacs is not None and (self.studies is not None or self.imports):
            raise InputRefused("Exams come from one place.", remedy="Give one of --pacs, --studies, --import.")
        if bool(self.oidc_issuer) != bool(self.oidc_audience and self.oidc_jwks):
            raise InputRefused(
                "OpenID Connect needs three settings.", remedy="Give --oidc-issuer, --oidc-audience and --oidc-jwks."
            )
        for origin in self.origins:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != origin:
                raise InputRefused("An origin is scheme and host, with no path and no *.", remedy="See --origin.")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def secure(self) -> bool:
        """Whether browsers come by HTTPS."""
        return self.tls_cert is not None or self.behind_proxy

    @property
    def hosts(self) -> frozenset[str]:
        """Names that the Host header may carry."""
        names = set(self.names)
        if self.is_loopback:
            names |= {"127.0.0.1", "localhost", "::1", self.host}
        return frozenset(name.lower() for name in names)

    def pacs_password(self) -> str:
        """From its file, never from the command line, which others can read."""
        if self.pacs_password_file is None:
            return ""
        try:
            return self.pacs_password_file.read_text("utf-8").strip()
        except OSError as error:
            raise InputRefused("The file of the PACS's password cannot be read.", remedy="See its path.") from error


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; wrong usage ends the process with status 64."""
    found: dict[str, Any] = vars(_parser().parse_args(arguments))
    found["tokens"] = found["tokens"] or found["work"] / "tokens.json"
    for many in ("names", "imports", "authors", "origins"):
        found[many] = tuple(found[many])
    return Options(**found)


class _Parser(argparse.ArgumentParser):
    def exit(self, status: int = 0, message: str | None = None) -> None:  # type: ignore[override]
        """End with 64 for wrong usage, as every command of Uptake."""
        super().exit(64 if status == 2 else status, message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m apps.monai_label",
        description="Annotation server for PET/CT: MONAI Label with OHIF. For research use.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--work", type=Path, default=Path("out/label"), metavar="FOLDER", help="what the server keeps (out/label)")
    add("--models", type=Path, default=Path("models"), metavar="FOLDER", help="the model bundles (models)")
    add("--engine", default="auto", choices=ENGINES,
        help="what runs networks (auto: the fastest that agrees with torch, chosen once)")  # fmt: skip
    add("--host", default="127.0.0.1", help="address to listen at (127.0.0.1: this machine alone)")
    add("--port", type=int, default=8000, help="port to listen at (8000)")
    add("--name", action="append", default=[], dest="names", help="host name in browsers' addresses; may be repeated")
    add("--pacs", metavar="URL", help="DICOMweb root of a PACS")
    add("--pacs-account", default="", metavar="NAME", help="account at the PACS")
    add("--pacs-password-file", type=Path, metavar="FILE", help="file with that account's password")
    add("--studies", type=Path, metavar="FOLDER", help="a folder of exams instead of a PACS")
    add("--import", type=Path, action="append", default=[], dest="imports", metavar="FOLDER",
        help="exams for the server's own Orthanc; may be repeated")  # fmt: skip
    add("--author", action="append", default=[], dest="authors", metavar="NAME",
        help="whose segmentations in the PACS are truth; may be repeated")  # fmt: skip
    add("--tokens", type=Path, metavar="FILE", help="the token file (WORK/tokens.json)")
    add("--new-tokens", action="store_true", help="make new tokens for the accounts, and print them")
    add("--oidc-issuer", default="", metavar="URL", help="OpenID Connect: issuer that tokens must name")
    add("--oidc-audience", default="", metavar="TEXT", help="audience that tokens must name")
    add("--oidc-jwks", default="", metavar="URL", help="where the issuer's public keys are")
    add("--origin", action="append", default=[], dest="origins", metavar="ORIGIN",
        help="other site whose pages may call the server (CORS); may be repeated")  # fmt: skip
    add("--results-viewer", type=Path, metavar="FOLDER",
        help="dist of @ohif/app 3.13 from npm: SEG, RTSTRUCT, PDF at /viewer?StudyInstanceUIDs=UID")  # fmt: skip
    add("--tls-cert", type=Path, metavar="FILE", help="certificate chain, PEM")
    add("--tls-key", type=Path, metavar="FILE", help="its private key, PEM")
    add("--behind-proxy", action="store_true", help="a proxy before this server ends TLS")
    return parser
