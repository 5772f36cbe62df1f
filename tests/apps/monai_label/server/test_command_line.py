"""The server's options, and ``uptake label``."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import uptake.label_commands as label_commands
from apps.monai_label.server.command_line import parse
from apps.monai_label.server.work_folder import locked
from uptake.cli import app
from uptake.errors import InputRefused


def test_the_default_is_this_machine_alone():
    options = parse([])
    assert options.host == "127.0.0.1"
    assert options.is_loopback
    assert options.hosts == {"127.0.0.1", "localhost", "::1"}
    assert options.origins == ()
    assert options.tokens == Path("out/label/tokens.json")
    assert options.engine == "auto"


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["--host", "0.0.0.0", "--name", "label.example"], "--tls-cert"),
        (["--host", "0.0.0.0", "--behind-proxy"], "--name"),
        (["--tls-cert", "c.pem"], "--tls-key"),
        (["--pacs", "http://p/", "--studies", "x"], "one of"),
        (["--pacs", "http://p/", "--import", "x"], "one of"),
        (["--oidc-issuer", "https://id"], "--oidc-jwks"),
        (["--origin", "*"], "--origin"),
        (["--origin", "https://viewer.example/path"], "--origin"),
        (["--pacs-password-file", "/nowhere", "--pacs", "http://p/"], "path"),
    ],
)
def test_what_would_be_open_or_contradicts_itself_is_refused(arguments, remedy):
    with pytest.raises(InputRefused, match=remedy):
        parse(arguments).pacs_password()


def test_other_machines_may_come_by_tls_under_the_given_names():
    options = parse(["--host", "0.0.0.0", "--name", "Label.example", "--tls-cert", "c", "--tls-key", "k"])
    assert options.secure
    assert options.hosts == {"label.example"}


def test_a_work_folder_has_one_server(tmp_path):
    with locked(tmp_path / "work"), pytest.raises(InputRefused, match="Another server"), locked(tmp_path / "work"):
        pass
    with locked(tmp_path / "work"):
        pass
    assert (tmp_path / "work").stat().st_mode & 0o077 == 0


def test_wrong_usage_is_64_and_help_has_examples():
    run = [sys.executable, "-m", "apps.monai_label"]
    assert subprocess.run([*run, "--nonsense"], capture_output=True).returncode == 64
    assert subprocess.run([*run, "--engine", "steam"], capture_output=True).returncode == 64
    shown = subprocess.run([*run, "--help"], capture_output=True, text=True)
    assert shown.returncode == 0
    assert "examples:" in shown.stdout


def test_uptake_label_serve_shows_examples_and_becomes_the_server(monkeypatch):
    shown = CliRunner().invoke(app, ["label", "serve", "--help"])
    assert shown.exit_code == 0
    assert "Examples" in shown.output
    called = []
    monkeypatch.setattr(label_commands.os, "execve", lambda *given: called.append(given))
    CliRunner().invoke(app, ["label", "serve", "--import", "a", "--import", "b", "--port", "9", "--", "--name", "x"])
    (program, command, environment), *_ = called
    assert program == sys.executable
    assert command[1:3] == ["-m", "apps.monai_label"]
    options = parse(command[3:])
    assert options.imports == (Path("a"), Path("b"))
    assert (options.port, options.names) == (9, ("x",))
    assert environment["PYTHONPATH"].split(":")[0] == str(Path.cwd())


def test_uptake_label_serve_says_what_is_missing(monkeypatch, tmp_path):
    monkeypatch.setattr(label_commands.importlib.util, "find_spec", lambda name: None)
    missing = CliRunner().invoke(app, ["label", "serve"], standalone_mode=False)
    assert missing.return_value == 2
    assert "make label-env" in " ".join(missing.output.split())
    monkeypatch.setattr(label_commands, "_application_root", lambda: None)
    alone = CliRunner().invoke(app, ["label", "serve"], standalone_mode=False)
    assert "Clone the repository" in " ".join(alone.output.split())
