import pytest

from apps.monai_label.trainers.train_options import TrainOptions, options_of
from apps.monai_label.trainers.training_errors import TrainingRefused


def test_a_request_may_choose_and_the_rest_is_as_the_server_has_it():
    assert options_of({"seconds": 30, "model": "x"}, TrainOptions(patience=9)) == TrainOptions(30, patience=9)


def test_the_clients_word_for_epochs_is_understood():
    assert options_of({"max_epochs": 7}).epochs == 7
    assert options_of({"max_epochs": 7, "epochs": 3}).epochs == 3


@pytest.mark.parametrize(
    "request_",
    [
        {"model_filename": "/etc/passwd"},
        {"seconds": 0},
        {"seconds": 90_000},
        {"seconds": "60"},
        {"seconds": True},
        {"seconds": float("nan")},
        {"epochs": -1},
        {"epochs": 1.5},
        {"judge_share": 0.9},
        {"watch_share": 0},
        {"seed": None},
        {"seed": 2**31},
    ],
)
def test_what_is_unknown_or_impossible_is_refused(request_):
    with pytest.raises(TrainingRefused) as caught:
        options_of(request_)
    assert "passwd" not in str(caught.value)


def test_options_go_through_json():
    assert options_of(TrainOptions(seconds=5.0, epochs=2).to_plain()) == TrainOptions(seconds=5.0, epochs=2)
