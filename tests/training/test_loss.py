import subprocess
import sys

import pytest
import torch

from uptake.training.loss import dice_cross_entropy

MONAI = """
import torch
from monai.losses import DiceCELoss
torch.manual_seed(3)
logits, labels = torch.randn(2, 3, 4, 6, 6), torch.randint(0, 3, (2, 1, 4, 6, 6))
loss = DiceCELoss(include_background=False, to_onehot_y=True, softmax=True, batch=True, lambda_dice=0.5, lambda_ce=2.0)
print(float(loss(logits, labels)))
"""


def test_it_is_monai_s_loss():
    # In a process of its own: where MONAI Deploy is installed, importing MONAI starts Holoscan, which warns.
    told = subprocess.run([sys.executable, "-W", "ignore", "-c", MONAI], capture_output=True, text=True, check=False)
    if told.returncode:
        pytest.skip("MONAI is not installed")
    torch.manual_seed(3)
    logits, labels = torch.randn(2, 3, 4, 6, 6), torch.randint(0, 3, (2, 1, 4, 6, 6))
    found = dice_cross_entropy(logits, labels, (0.5, 2.0))
    assert float(found) == pytest.approx(float(told.stdout.split()[-1]), rel=1e-5)


def test_a_perfect_answer_costs_nothing():
    labels = torch.randint(0, 3, (1, 1, 4, 4, 4))
    logits = 50.0 * torch.nn.functional.one_hot(labels[:, 0], 3).movedim(-1, 1).float()
    assert float(dice_cross_entropy(logits, labels)) == pytest.approx(0.0, abs=1e-4)
