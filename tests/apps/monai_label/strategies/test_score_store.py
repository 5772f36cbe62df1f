import pytest

from apps.monai_label.strategies.score_store import ScoreStore
from tests.apps.monai_label.strategies.scores import score
from uptake.errors import UnreadableFile


@pytest.fixture
def store(tmp_path):
    made = ScoreStore(tmp_path / "kept" / "scores.sqlite")
    yield made
    made.close()


def test_the_newest_score_of_each_exam_and_model_is_kept(store, tmp_path):
    store.put("m", score("1.1", version=1))
    store.put("m", score("1.1", version=2, disagreement=0.5))
    store.put("other", score("1.1", version=1))
    again = ScoreStore(tmp_path / "kept" / "scores.sqlite")
    assert again.scores("m") == {"1.1": score("1.1", version=2, disagreement=0.5)}
    again.close()


def test_what_needs_no_scoring_is_scored_by_this_version_or_failed_lately(store):
    store.put("m", score("1.1", version=2))
    store.put("m", score("1.2", version=1))
    store.put_failure("m", "1.3", 2)
    assert store.done("m", 2, retry_after_s=60) == {"1.1", "1.3"}
    assert store.done("m", 2, retry_after_s=-1) == {"1.1"}
    store.put("m", score("1.3", version=2))
    assert store.done("m", 2, retry_after_s=-1) == {"1.1", "1.3"}


def test_who_was_given_what_is_forgotten_after_a_while(store):
    store.serve("1.1", "ann")
    store.serve("1.1", "bob")
    assert store.served(60) == {"1.1": "bob"}
    assert store.served(-1) == {}


def test_a_file_that_holds_something_else_is_told(tmp_path):
    (tmp_path / "scores.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(UnreadableFile, match="no file of scores"):
        ScoreStore(tmp_path / "scores.sqlite")
