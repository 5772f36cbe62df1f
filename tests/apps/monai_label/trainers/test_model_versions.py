import pytest

from apps.monai_label.trainers.model_versions import ModelVersions, Trained
from apps.monai_label.trainers.training_errors import VersionRefused
from apps.monai_label.trainers.verdict import Scores, verdict
from apps.monai_label.trainers.version_state import STATE
from uptake.errors import UnreadableFile

NAME = "lesions"


@pytest.fixture
def versions(tmp_path):
    (tmp_path / "models" / NAME).mkdir(parents=True)
    return ModelVersions(tmp_path / "versions", tmp_path / "models", keep=2)


def candidate(versions, text="weights"):
    folder = versions.home(NAME) / "job-1" / "candidate"
    (folder / NAME).mkdir(parents=True)
    (folder / NAME / "weights").write_text(text)
    return folder


def trained(number, before=0.5, after=0.6, learned=("a",)):
    return Trained(number, verdict(Scores((before,)), Scores((after,))), learned, ("judge",), 4)


def promote(versions, number):
    return versions.promote(NAME, candidate(versions, f"weights {number}"), trained(number))


def used(versions):
    return (versions.current(NAME) / "weights").read_text()


def test_the_shipped_bundle_is_the_first_version(versions, tmp_path):
    assert versions.current(NAME) == tmp_path / "models" / NAME
    assert versions.current_number(NAME) == 1
    assert versions.described(NAME) == {"version": 1, "versions": [1], "best_metric": None, "events": []}


def test_a_promoted_version_is_used_also_by_the_next_server(versions, tmp_path):
    assert promote(versions, 2) == 2
    again = ModelVersions(tmp_path / "versions", tmp_path / "models")
    assert used(again) == "weights 2"
    assert again.current(NAME).name == NAME
    assert again.described(NAME)["best_metric"] == 0.6


def test_a_version_that_is_not_promoted_leaves_the_old_one_and_its_number_is_taken(versions):
    promote(versions, 2)
    versions.refuse(NAME, trained(3, before=0.6, after=0.5, learned=("b",)))
    state = versions.state(NAME)
    assert used(versions) == "weights 2"
    assert state.latest == 3
    assert "worse, so it is not used" in state.events[-1].why
    assert state.learned_from == ("a",)  # nothing of it is used, so b may still judge


def test_rolling_back_goes_one_step_each_time_and_then_no_further(versions):
    promote(versions, 2)
    promote(versions, 3)
    assert versions.roll_back(NAME) == 2
    assert used(versions) == "weights 2"
    assert versions.roll_back(NAME) == 1
    with pytest.raises(VersionRefused, match="no earlier"):
        versions.roll_back(NAME)
    assert versions.use(NAME, 3) == 3
    assert versions.roll_back(NAME) == 1
    assert versions.state(NAME).events[-1].why == "back from version 3"


def test_a_new_version_after_a_roll_back_has_a_number_of_its_own(versions):
    promote(versions, 2)
    versions.roll_back(NAME)
    assert versions.state(NAME).latest == 2
    promote(versions, 3)
    assert used(versions) == "weights 3"


def test_a_bounded_number_of_old_versions_is_kept(versions):
    for number in range(2, 7):
        promote(versions, number)
    assert versions.described(NAME)["versions"] == [1, 4, 5, 6]
    assert sorted(each.name for each in versions.home(NAME).glob("v*") if each.is_dir()) == ["v4", "v5", "v6"]
    with pytest.raises(VersionRefused, match="version 2"):
        versions.use(NAME, 2)


def test_a_kill_between_the_files_and_the_state_leaves_the_old_version(versions, monkeypatch):
    promote(versions, 2)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("apps.monai_label.trainers.model_versions.write_state", killed)
        with pytest.raises(KeyboardInterrupt):
            promote(versions, 3)
    assert used(versions) == "weights 2"
    assert (versions.home(NAME) / "v3").is_dir()
    versions.clean(NAME)
    assert not (versions.home(NAME) / "v3").exists()
    assert not (versions.home(NAME) / "job-1").exists()
    assert promote(versions, 3) == 3
    assert used(versions) == "weights 3"


def test_a_kill_while_the_state_is_written_leaves_the_old_state(versions, monkeypatch):
    promote(versions, 2)
    before = (versions.home(NAME) / STATE).read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            versions.roll_back(NAME)
    assert (versions.home(NAME) / STATE).read_bytes() == before


@pytest.mark.parametrize("name", ["", "..", "../models", "a/b", ".hidden", "x\0"])
def test_names_cannot_leave_the_folder(versions, name):
    with pytest.raises(VersionRefused):
        versions.current(name)


def test_a_damaged_state_is_told_and_nothing_is_guessed(versions):
    promote(versions, 2)
    (versions.home(NAME) / STATE).write_text('{"schema": "uptake.label-versions/1", "current": 9}')
    with pytest.raises(UnreadableFile, match=r"versions\.json"):
        versions.current(NAME)
