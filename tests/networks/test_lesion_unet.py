"""nnU-Net's U-Nets: the same names, the same logits, the same sizes; refusals; a fixed start."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
import torch

from tests.networks import nnunet_parity as parity
from uptake.networks import size
from uptake.networks.catalogue import outline
from uptake.networks.lesion_unet import LesionUnet, LesionUnetSettings, lesion_unet, name_in_nnunet, preset

torch.set_num_threads(1)
RECORDED = json.loads(parity.RECORD.read_text())
KINDS = ("plain", "residual")


def with_their_weights(kind: str) -> LesionUnet:
    network = lesion_unet(parity.SETTINGS[kind]).eval()
    theirs = parity.drawn(RECORDED[kind]["shapes"])
    network.load_state_dict({name: theirs[name_in_nnunet(name)] for name in network.state_dict()})
    return network


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_has_one_name_in_nnunet_and_none_is_left_over(kind: str) -> None:
    ours = {name: list(each.shape) for name, each in lesion_unet(parity.SETTINGS[kind]).state_dict().items()}
    mapped = {name_in_nnunet(name): shape for name, shape in ours.items()}
    assert len(mapped) == len(ours)
    assert mapped == RECORDED[kind]["shapes"]


def test_a_name_that_no_parameter_has_is_refused() -> None:
    with pytest.raises(ValueError, match=r"bottom\.weight"):
        name_in_nnunet("bottom.weight")


@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_those_recorded_from_nnunet(kind: str) -> None:
    with torch.inference_mode():
        logits = with_their_weights(kind)(parity.batch())
    assert isinstance(logits, torch.Tensor)
    expected = torch.tensor(RECORDED[kind]["logits"])
    assert float(expected.abs().max()) > 0.1
    torch.testing.assert_close(logits.flatten()[::37], expected, atol=2e-5, rtol=0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_logits_are_those_of_nnunet_itself_where_it_is_installed(kind: str) -> None:
    pytest.importorskip("dynamic_network_architectures")
    theirs = parity.their_network(parity.SETTINGS[kind])
    theirs.load_state_dict(parity.drawn(parity.their_shapes(theirs)), strict=False)
    with torch.inference_mode():
        torch.testing.assert_close(with_their_weights(kind)(parity.batch()), theirs(parity.batch()), atol=1e-6, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_state_alone(kind: str) -> None:
    before = torch.random.get_rng_state()
    first, again, other = (lesion_unet(parity.SETTINGS[kind], seed=seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["encoder.1.0." + kind_first(kind)], other["encoder.1.0." + kind_first(kind)])


def kind_first(kind: str) -> str:
    return "convolution.weight" if kind == "plain" else "first.convolution.weight"


def test_a_fresh_residual_block_passes_on_its_shortcut() -> None:
    state = lesion_unet(parity.SETTINGS["residual"]).state_dict()
    assert not state["encoder.0.0.second.norm.weight"].any()
    assert state["encoder.0.0.first.norm.weight"].eq(1.0).all()


def test_deep_supervision_gives_every_scale_in_training_and_one_in_evaluation() -> None:
    network = lesion_unet(dataclasses.replace(parity.SETTINGS["plain"], deep_supervision=True))
    batch = parity.batch()
    scales = network(batch)
    assert [tuple(each.shape) for each in scales] == [(2, 3, 4, 8, 12), (2, 3, 4, 4, 6), (2, 3, 4, 4, 6)]
    with torch.inference_mode():
        assert torch.equal(network.eval()(batch), scales[0])


def test_a_training_step_reaches_every_parameter() -> None:
    network = lesion_unet(dataclasses.replace(parity.SETTINGS["residual"], deep_supervision=True))
    torch.nn.init.ones_(network.encoder[1][0].second.norm.weight)  # type: ignore[index,union-attr,arg-type]
    sum(each.square().mean() for each in network(parity.batch())).backward()
    assert all(each.grad is not None for each in network.parameters())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"in_channels": 0}, "in_channels"),
        ({"classes": 1}, "classes"),
        ({"features": ()}, "features"),
        ({"features": (4, 6, 8, "8")}, r"features\[3\]"),
        ({"strides": ((1, 1, 1), (2, 2, 2))}, "strides must have 4"),
        ({"strides": ((2, 2, 2), (2, 2, 2), (1, 1, 1), (2, 2, 2))}, "strides must begin"),
        ({"strides": ((1, 1, 1), (2, 2), (1, 1, 1), (2, 2, 2))}, r"strides\[1\]"),
        ({"convolutions": (1, 1, 0, 1)}, r"convolutions\[2\]"),
        ({"decoder_convolutions": (1, 1, 1, 1)}, "decoder_convolutions"),
        ({"kernels": ((2, 2, 2),) * 4}, "kernels must be odd"),
        ({"residual": 1}, "residual"),
        ({"norm_eps": 0.0}, "norm_eps"),
        ({"negative_slope": float("nan")}, "negative_slope"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        dataclasses.replace(parity.SETTINGS["plain"], **changes)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 3, 4, 8, 12), r"\(n, 2, z, y, x\)"),
        ((2, 4, 8, 12), r"\(n, 2, z, y, x\)"),
        ((1, 2, 4, 8, 10), r"multiples of \(2, 4, 4\)"),
        ((1, 2, 2, 4, 4), "larger than"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        lesion_unet(parity.SETTINGS["plain"])(torch.zeros(shape))


def test_the_paper_scale_is_as_big_as_counted_by_hand() -> None:
    plain = outline(preset("paper", in_channels=1, classes=2))
    assert size.parameters(plain) == counted_by_hand(preset("paper", in_channels=1, classes=2))
    assert round(size.parameters(plain) / 1e6, 1) == 31.2
    assert round(size.parameters(outline(preset("paper", in_channels=1, classes=2, residual=True))) / 1e6) == 102


@pytest.mark.parametrize("kind", KINDS)
def test_exported_it_gives_the_same_logits_for_any_batch(kind: str) -> None:
    network, batch = with_their_weights(kind), parity.batch()
    exported = torch.export.export(network, (batch,), dynamic_shapes=({0: torch.export.Dim("cases")},))
    three = torch.cat((batch, -batch[:1]))
    with torch.inference_mode():
        torch.testing.assert_close(exported.module()(three), network(three), atol=1e-5, rtol=0.0)


def counted_by_hand(settings: LesionUnetSettings) -> int:
    total, channels = 0, settings.in_channels
    for width in settings.features:
        total += (27 * channels * width + 3 * width) + (27 * width * width + 3 * width)
        channels = width
    for below, width in zip(settings.features[:0:-1], settings.features[-2::-1], strict=True):
        total += 8 * below * width + width
        total += (27 * 2 * width * width + 3 * width) + (27 * width * width + 3 * width)
        total += width * settings.classes + settings.classes
    return total


def test_there_are_two_scales() -> None:
    assert preset("small", in_channels=4, classes=2).multiple == (16, 16, 16)
    with pytest.raises(ValueError, match="small, paper"):
        preset("huge", in_channels=2, classes=2)
