"""Renders the MAP's build context with the MONAI Deploy packager, but for the last step, ``docker build``.

``python -m apps.monai_deploy.application_package.render build/map-tree build/map``, in an environment with
holoscan-cli 4.2.0, the last that has ``monai-deploy package``. That command builds the image in the same breath and so
needs a Docker engine; its steps are therefore called one by one.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from holoscan_cli.__main__ import parse_args
from holoscan_cli.packager.arguments import PackagingArguments
from holoscan_cli.packager.container_builder import PythonAppBuilder
from holoscan_cli.packager.packager import _create_app_manifest, _create_package_manifest

_SOURCES = Path(__file__).with_name("sources.json")  # without it the packager downloads one, for Holoscan 4.2 alone


def render_context(tree: Path, context: Path, *, tag: str = "uptake") -> None:
    """Write ``Dockerfile``, ``map/app.json``, ``map/pkg.json`` and all they refer to into ``context``.

    Parameters
    ----------
    tree
        The staged application folder.
    context
        The Docker build context, which is replaced.
    tag
        Name of the image.
    """
    shutil.rmtree(context, ignore_errors=True)
    context.mkdir(parents=True)
    models = ["--models", str(tree / "models")] if any((tree / "models").iterdir()) else []
    arguments = parse_args(
        [
            "monai-deploy", "package", str(tree), "--config", str(tree / "app.yaml"), "--platform", "x86_64",
            "--tag", tag, "--source", str(_SOURCES), "--sdk", "monai-deploy", "--build-cache", str(context / ".cache"),
            *models,
        ]
    )  # fmt: skip
    package = PackagingArguments(arguments, str(context))
    _create_app_manifest(package.application_manifest, str(context))
    _create_package_manifest(package.package_manifest, str(context))
    builder = PythonAppBuilder(package.build_parameters, str(context))
    for platform in package.platforms:
        builder._copy_supporting_files(platform)
        builder._write_dockerfile(platform)


if __name__ == "__main__":
    render_context(Path(sys.argv[1]), Path(sys.argv[2]))
