import math

import pytest

from uptake.training.curves import BOARD, write_board


def test_tensorboard_shows_every_epoch(tmp_path):
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for epoch, (loss, score) in enumerate([(1.0, math.nan), (0.5, 0.25), (0.25, math.nan)], start=1):
        write_board({"epoch": float(epoch), "loss": loss, "score": score}, tmp_path)
    board = accumulators.EventAccumulator(str(tmp_path / BOARD))
    board.Reload()
    # Files of one second are read in the order of a counter without leading zeros: 10 before 9.
    assert sorted((each.step, each.value) for each in board.Scalars("loss")) == [(1, 1.0), (2, 0.5), (3, 0.25)]
    assert [(each.step, each.value) for each in board.Scalars("score")] == [(2, 0.25)]
    assert set(board.Tags()["scalars"]) == {"loss", "score"}
