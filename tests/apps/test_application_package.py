"""application_package: the staged tree is complete, pinned, and described by the packager's own manifests."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import uptake
from apps.monai_deploy.application_package.requirements import locked_requirements
from apps.monai_deploy.application_package.tree import stage_tree
from tests.small_exam import write_small_exam

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGER = REPOSITORY / ".venv-map" / "bin" / "python"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("map") / "tree"
    stage_tree(REPOSITORY, folder)
    return folder


def run(*command, cwd):
    # No bytecode beside the staged files: another test looks for leftovers there.
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*map(str, command)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_tree_starts_from_another_folder(tree, tmp_path):
    done = run(sys.executable, tree, "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--input" in done.stdout


def test_tree_holds_every_module_of_the_three_packages(tree):
    for package in ("apps/monai_deploy", "operators", "uptake"):
        modules = {path.relative_to(REPOSITORY) for path in (REPOSITORY / package).rglob("*.py")}
        wanted = {path for path in modules if "application_package" not in path.parts}
        assert wanted == {path.relative_to(tree) for path in (tree / package).rglob("*.py")}


@pytest.mark.full
def test_tree_runs_an_exam_with_nothing_of_the_checkout(tree, tmp_path):
    write_small_exam(tmp_path / "in")
    probe = (
        f"import sys; sys.path.insert(0, {str(tree)!r}); sys.argv = ['uptake', '-i', 'in', '-o', 'out'];"
        "from apps.monai_deploy.__main__ import main; status = main();"
        "ours = [m for n, m in sys.modules.items() if n.split('.')[0] in ('apps', 'operators', 'uptake')];"
        "sys.exit(status or int({m.__file__.startswith(sys.path[0]) for m in ours} != {True}))"
    )
    done = run(sys.executable, "-c", probe, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/metadata.json").is_file()


def test_tree_holds_data_files_and_no_leftovers(tree):
    staged = {path.relative_to(tree) for path in tree.rglob("*")}
    data = {
        p.relative_to(REPOSITORY) for pattern in ("*.json", "*.csv") for p in (REPOSITORY / "uptake").rglob(pattern)
    }
    assert data
    assert data <= staged
    assert {Path("app.yaml"), Path("LICENSE"), Path("models"), Path("requirements.txt")} <= staged
    assert not any("__pycache__" in path.parts for path in staged)
    assert (tree / "models").is_dir()
    assert not any(entry.is_file() for entry in (tree / "models").iterdir())


def test_requirements_are_pinned_and_leave_development_out(tree):
    lines = (tree / "requirements.txt").read_text().splitlines()
    names = {line.split("==")[0].lower() for line in lines}
    assert all(line.count("==") == 1 for line in lines)
    assert {"monai-deploy-app-sdk", "holoscan-cu13", "nvidia-cuda-runtime", "torch", "pydicom", "highdicom"} <= names
    assert names.isdisjoint({"pytest", "ruff", "mypy", "monailabel", "uptake"})


def test_a_lock_without_a_needed_package_is_refused():
    with pytest.raises(ValueError, match="pydicom"):
        locked_requirements("numpy==2.0.0\n")


@pytest.mark.full
@pytest.mark.skipif(not PACKAGER.exists(), reason="no packager environment: run `make map` once")
def test_packager_renders_dockerfile_and_manifests(tree, tmp_path):
    module = "apps.monai_deploy.application_package.render"
    done = run(PACKAGER, "-m", module, tree, tmp_path / "context", cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    app = json.loads((tmp_path / "context/map/app.json").read_text())
    package = json.loads((tmp_path / "context/map/pkg.json").read_text())
    dockerfile = (tmp_path / "context/Dockerfile").read_text()
    assert json.loads(app["command"]) == ["python3", "/opt/holoscan/app"]
    assert (app["sdk"], app["sdkVersion"], app["version"]) == ("monai-deploy", "4.0.0", uptake.__version__)
    assert app["input"]["formats"] == ["DICOM"]
    assert package["applicationRoot"] == "/opt/holoscan/app"
    assert package["modelRoot"] == "/opt/holoscan/models"
    assert package["version"] == uptake.__version__
    assert package["resources"]["memory"] == "8Gi"
    assert "FROM nvcr.io/nvidia/cuda:13" in dockerfile
    assert 'ENTRYPOINT ["/var/holoscan/tools"]' in dockerfile
    for line in dockerfile.splitlines():
        if line.startswith("COPY ./"):  # nothing is referred to that is not there
            assert (tmp_path / "context" / line.split()[1]).exists(), line
    requirements = (tmp_path / "context/pip/requirements.txt").read_text()
    assert requirements.strip() == (tree / "requirements.txt").read_text().strip()
