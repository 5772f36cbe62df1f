"""Networks by name from plain JSON and back."""

from __future__ import annotations

import json

import pytest
import torch

from uptake.networks import lesion_unet, res_unet_attention
from uptake.networks.catalogue import NETWORKS, network, outline, plain_settings, settings_of

torch.set_num_threads(1)
PRESETS = {
    "lesion_unet": lesion_unet.preset("small", in_channels=4, classes=2, residual=True),
    "res_unet_attention": res_unet_attention.preset("small"),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_settings_survive_json(name: str) -> None:
    text = json.dumps(plain_settings(PRESETS[name]))
    assert settings_of(name, json.loads(text)) == PRESETS[name]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_ready_to_predict(name: str) -> None:
    found = network(PRESETS[name], seed=2)
    assert type(found).__name__.lower() == name.replace("_", "")
    assert not found.training


@pytest.mark.parametrize("name", NETWORKS)
def test_an_outline_takes_the_weights_of_the_network(name: str) -> None:
    weights = network(PRESETS[name], seed=2).state_dict()
    found = outline(PRESETS[name])
    assert all(each.is_meta for each in found.parameters())
    found.load_state_dict(weights, assign=True)
    batch = torch.ones(1, PRESETS[name].in_channels, 32, 32, 32).cumsum(-1)
    with torch.inference_mode():
        assert torch.equal(found(batch), network(PRESETS[name], seed=2)(batch))


def test_what_cannot_be_built_is_named() -> None:
    plain = plain_settings(PRESETS["lesion_unet"])
    with pytest.raises(ValueError, match="no network 'transformer'"):
        settings_of("transformer", plain)
    with pytest.raises(ValueError, match="no setting dropout"):
        settings_of("lesion_unet", {**plain, "dropout": 0.1})
    with pytest.raises(ValueError, match="'classes'"):
        settings_of("lesion_unet", {name: value for name, value in plain.items() if name != "classes"})
