import threading
import time

import pytest

from apps.monai_label.exams.file_cache import FileCache
from uptake.errors import OutputFailed


def filled(size, made=None):
    def make(folder):
        if made is not None:
            made.append(folder)
        (folder / "file").write_bytes(b"x" * size)

    return make


def test_the_longest_unused_goes_when_the_bound_is_reached(tmp_path):
    cache = FileCache(tmp_path, 100)
    for name in ("a", "b"):
        with cache.held(name, filled(40)):
            pass
    with cache.held("a", filled(40)) as folder:  # used again: b is now the older
        assert folder.name == "a"
    with cache.held("c", filled(40)):
        pass
    assert ("a" in cache, "b" in cache, "c" in cache) == (True, False, True)
    assert cache.bytes_held == 80
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c"]


def test_an_entry_in_use_stays_although_the_bound_is_passed(tmp_path):
    cache = FileCache(tmp_path, 50)
    with cache.held("a", filled(40)) as folder:
        with cache.held("b", filled(40)):
            assert (folder / "file").exists()
        assert (folder / "file").exists()
    assert "a" not in cache
    assert cache.bytes_held == 40


def test_it_is_made_once_however_many_ask(tmp_path):
    cache, made = FileCache(tmp_path, 100), []

    def slow(folder):
        time.sleep(0.05)
        filled(10, made)(folder)

    def ask():
        with cache.held("a", slow) as folder:
            assert (folder / "file").stat().st_size == 10

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == 1


def test_what_fails_leaves_nothing_and_what_was_killed_is_removed(tmp_path):
    cache = FileCache(tmp_path, 100)

    def fails(folder):
        (folder / "half").write_bytes(b"x")
        raise KeyError("no")

    with pytest.raises(KeyError), cache.held("a", fails):
        pass
    assert list(tmp_path.iterdir()) == []

    def full(folder):
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputFailed, match="No space left"), cache.held("a", full):
        pass
    (tmp_path / ".partial-b").mkdir()
    (tmp_path / ".partial-b" / "half").write_bytes(b"x")
    with cache.held("kept", filled(10)):
        pass
    again = FileCache(tmp_path, 100)
    assert ("kept" in again, again.bytes_held) == (True, 10)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("name", ["../a", "a/b", "", ".hidden", "a\0"])
def test_a_name_cannot_leave_the_folder(tmp_path, name):
    with pytest.raises(ValueError, match="name"), FileCache(tmp_path, 1).held(name, filled(1)):
        pass
