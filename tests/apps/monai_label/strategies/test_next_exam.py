import pytest

from apps.monai_label.strategies.next_exam import PICKS, next_exam
from apps.monai_label.strategies.score_store import ScoreStore
from tests.apps.monai_label.strategies.scores import score


class Images:
    def __init__(self, unlabelled, labelled=()):
        self._unlabelled, self._labelled = list(unlabelled), list(labelled)

    def get_unlabeled_images(self):
        return self._unlabelled

    def get_labeled_images(self):
        return self._labelled


@pytest.fixture
def store(tmp_path):
    made = ScoreStore(tmp_path / "scores.sqlite")
    made.put("m", score("a", disagreement=0.1, change=9.0, feature=0.0))
    made.put("m", score("b", disagreement=0.9, change=1.0, feature=1.0))
    made.put("m", score("c", disagreement=0.5, change=5.0, feature=4.0))
    made.put("m", score("done", disagreement=1.0, change=99.0, feature=5.0))
    yield made
    made.close()


IMAGES = Images(["c", "b", "a"], ["done"])


def ask(name, store, images=IMAGES, who="ann"):
    return next_exam(PICKS[name][1], images, store, "m", who)


@pytest.mark.parametrize(
    ("name", "expected"), [("first", "a"), ("disagreement", "b"), ("burden_change", "a"), ("diversity", "a")]
)
def test_each_strategy_chooses_its_own(name, expected, store):
    assert ask(name, store).image_id == expected


def test_random_gives_only_exams_without_truth(store):
    assert {ask("random", store).image_id for _ in range(30)} == {"a", "b", "c"}


def test_why_is_said(store):
    assert ask("disagreement", store).facts == {"disagreement": 0.9, "scored": 3, "candidates": 3}


def test_two_annotators_are_not_given_the_same_exam_while_there_are_others(store):
    assert [ask("disagreement", store, who=who).image_id for who in ("ann", "bob", "eve")] == ["b", "c", "a"]


def test_whoever_asks_again_gets_another_one(store):
    given = [ask("disagreement", store).image_id for _ in range(3)]
    assert given == ["b", "c", "a"]
    assert ask("disagreement", store).image_id == "b"


def test_diversity_keeps_away_from_what_others_work_on(store):
    store.serve("c", "bob")
    # Labelled are 5 and, by bob, 4: of 0 and 1 the 0 is farther.
    assert ask("diversity", store).image_id == "a"


def test_without_scores_the_first_is_given_and_it_is_said(tmp_path):
    empty = ScoreStore(tmp_path / "empty.sqlite")
    for name in ("disagreement", "burden_change", "diversity"):
        found = ask(name, empty, Images(["z", "y"]), who=name)
        assert "being computed" in found.facts["waiting"]
    assert {"y", "z"} == set(empty.served(60))
    empty.close()


def test_nothing_is_left(store):
    assert ask("random", store, Images([], ["done"])) is None
