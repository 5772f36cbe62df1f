import numpy as np
import pytest

from apps.monai_label.strategies.exam_features import COUNT
from apps.monai_label.strategies.exam_scorer import ExamScorer, scorable
from tests.lesion_bundle import lesion_network, save_lesion_bundle
from tests.small_exam import write_small_exam
from uptake.dicom.exams.exam_reader import read_exams
from uptake.exam import PreparedExam
from uptake.exam_preparation import prepare


@pytest.fixture(scope="module")
def exam(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exam")
    write_small_exam(folder)
    return prepare(read_exams(folder)[0])


def deaf():
    """A network that finds nothing."""
    network = lesion_network()
    network.heads[0].bias.data[1:3] = -1e6
    return network


def test_folds_that_are_the_same_agree_and_one_that_finds_nothing_does_not(exam, tmp_path):
    same = save_lesion_bundle(tmp_path / "same", folds=(0, 1))
    apart = save_lesion_bundle(tmp_path / "apart", networks={0: lesion_network(), 1: deaf()})
    scorer = ExamScorer("torch")
    one = scorer.score(exam, same.folder, ("1.1", 1))
    two = scorer.score(exam, apart.folder, ("1.1", 2))
    assert one.networks == 2
    assert one.disagreement == pytest.approx(0.0)
    assert one.burden_change_g == pytest.approx(0.0, abs=1e-6)
    assert one.volume_ml > 10
    assert one.glycolysis_g > 4 * one.volume_ml
    assert len(one.features) == COUNT
    assert two.disagreement > 0.9
    assert two.burden_change_g > 10
    assert (two.image_id, two.version) == ("1.1", 2)


def test_a_single_network_is_asked_for_its_probabilities(exam, tmp_path):
    alone = save_lesion_bundle(tmp_path / "alone")
    found = ExamScorer("torch").score(exam, alone.folder, ("1.1", 1))
    assert found.networks == 1
    assert 0.0 < found.disagreement < 0.5
    assert np.isfinite(found.burden_change_g)


def test_it_may_be_ended_between_tiles(exam, tmp_path):
    bundle = save_lesion_bundle(tmp_path / "models")

    def enough():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ExamScorer("torch").score(exam, bundle.folder, ("1.1", 1), enough)


def test_an_exam_without_the_ct_that_is_read_is_refused(exam, tmp_path):
    bundle = save_lesion_bundle(tmp_path / "models")
    assert scorable(bundle)
    bare = PreparedExam(exam.exam, exam.suv, None, exam.conversion)
    with pytest.raises(Exception, match="no CT"):
        ExamScorer("torch").score(bare, bundle.folder, ("1.1", 1))
