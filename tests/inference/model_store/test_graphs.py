"""Quantised graphs in a bundle: put there whole or not at all, and held against their hashes."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.inference.model_store.small_bundle import save_small
from uptake.errors import BundleRefused, OutputFailed
from uptake.inference.model_store import (
    Agreement,
    ClassDice,
    NewGraph,
    add_graphs,
    build_network,
    graphs_of,
    list_bundles,
    load_bundle,
    read_graph,
    verify,
)

AGREEMENT = Agreement(
    (ClassDice("primary_tumour", 0.995), ClassDice("lymph_node_metastasis", 0.992)), 4, True, 0.9, 0.1
)


def new(fold, content=b"network"):
    return NewGraph(fold, (b"<net></net>" + content, b"\x80weights " + content), AGREEMENT)


def files(folder):
    return {str(each.relative_to(folder)): each.read_bytes() for each in sorted(folder.rglob("*")) if each.is_file()}


@pytest.fixture
def bundle(tmp_path):
    return save_small(tmp_path / "models")


@pytest.fixture
def quantised(bundle):
    return add_graphs(bundle, "openvino", "int8", [new(0), new(1)])


def test_graphs_are_read_back_as_they_were(bundle, quantised):
    loaded = load_bundle(bundle.folder)
    assert loaded == quantised
    assert replace(loaded, graphs=()) == bundle
    assert verify(bundle.folder, build_network) == quantised
    found = graphs_of(loaded, "openvino", "int8")
    assert {fold: read_graph(loaded, each) for fold, each in found.items()} == {0: new(0).contents, 1: new(1).contents}
    assert found[1].agreement == AGREEMENT
    assert found[1].agreement.least_dice == 0.992
    assert len(files(bundle.folder)) == 5 + 4
    assert list_bundles(bundle.folder.parent)[0].int8_dice == 0.992


def test_new_graphs_take_the_place_of_old_ones(bundle, quantised):
    again = add_graphs(quantised, "openvino", "int8", [new(0, b"better"), new(1)])
    assert read_graph(again, graphs_of(again, "openvino", "int8")[0]) == new(0, b"better").contents
    assert len(files(bundle.folder)) == 5 + 4
    assert load_bundle(bundle.folder) == again


def test_a_bundle_with_one_graph_of_two_is_not_said_to_have_int8(bundle):
    add_graphs(bundle, "openvino", "int8", [new(0)])
    assert list_bundles(bundle.folder.parent)[0].int8_dice is None


@pytest.mark.parametrize("failing", [1, 2, 4, 5])
def test_a_full_disk_leaves_the_bundle_as_it_was(failing, bundle, quantised, monkeypatch):
    before = files(bundle.folder)
    written = []
    write_bytes = Path.open

    def full(path, mode="r", *more, **named):
        if mode == "wb":
            written.append(path)
            if len(written) == failing:
                raise OSError(28, "No space left on device")
        return write_bytes(path, mode, *more, **named)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputFailed, match=r"head_neck_tiny \(No space left on device\).*as it was"):
        add_graphs(quantised, "openvino", "int8", [new(0, b"a"), new(1, b"b")])
    monkeypatch.undo()
    assert files(bundle.folder) == before


def test_graphs_that_do_not_fit_are_not_written(bundle):
    before = files(bundle.folder)
    unknown = replace(AGREEMENT, dice=(ClassDice("liver", 1.0),))
    for wrong, words in (
        ([new(7)], "no weights for fold 7"),
        ([new(0), new(0, b"x")], "same engine"),
        ([replace(new(0), agreement=unknown)], "'liver'"),
    ):
        with pytest.raises(ValueError, match=words):
            add_graphs(bundle, "openvino", "int8", wrong)
    with pytest.raises(ValueError, match="argument"):
        add_graphs(bundle, "openvino", "int4", [new(0)])
    assert files(bundle.folder) == before


def test_a_dice_that_is_too_low_cannot_be_recorded():
    with pytest.raises(ValueError, match=r"'lesion' against float32 is 0.98; .* below 0.99 are not accepted"):
        Agreement((ClassDice("lesion", 0.98),), 4, True, 1.0, 0.0)
    with pytest.raises(ValueError, match="at least one held-out"):
        Agreement((), 4, True, 1.0, 0.0)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda graphs: graphs[0].update(weights_sha256="0" * 64), "made from other weights"),
        (lambda graphs: graphs[0].update(fold=9), "fold 9, which has no weights"),
        (lambda graphs: graphs[1].update(fold=0), "same engine, precision and fold"),
        (lambda graphs: graphs[0].update(engine="abacus"), "'abacus' in 'int8' is unknown"),
        (lambda graphs: graphs[0].update(surprise=1), "surprise"),
        (lambda graphs: graphs[0]["agreement"]["dice"][0].update(value=0.5), "below 0.99 are not accepted"),
        (lambda graphs: graphs[0]["files"].reverse(), "one file each of .xml, .bin"),
        (lambda graphs: graphs[0]["files"][0].update(path="models/../../x.xml"), "leaves the bundle"),
        (lambda graphs: graphs[0]["files"][0].update(path="/etc/x.xml"), "leaves the bundle"),
        (lambda graphs: graphs[0]["files"][0].update(path="docs/x.xml"), "is no models/NAME.xml"),
        (lambda graphs: graphs[0]["files"][0].update(path="models/other.xml"), "models/other.xml is missing"),
        (lambda graphs: graphs[0]["files"][0].update(size_bytes=99), "but 99 are recorded"),
        (lambda graphs: graphs[0]["files"][0].update(sha256="0" * 64), "wrong hash"),
    ],
)
def test_graphs_that_are_not_what_is_recorded_are_refused(edit, words, quantised):
    path = quantised.folder / "configs" / "metadata.json"
    document = json.loads(path.read_text())
    edit(document["uptake"]["graphs"])
    path.write_text(json.dumps(document))
    with pytest.raises(BundleRefused) as refusal:
        verify(quantised.folder, build_network)
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_one_flipped_bit_in_a_graph_is_a_wrong_hash(quantised):
    file = quantised.graphs[1].files[1]
    content = bytearray((quantised.folder / file.path).read_bytes())
    content[0] ^= 1
    (quantised.folder / file.path).write_bytes(content)
    with pytest.raises(BundleRefused, match="wrong hash"):
        read_graph(quantised, quantised.graphs[1])
    assert list_bundles(quantised.folder.parent)[0].state == "refused"


def test_a_graph_that_is_a_link_out_of_the_bundle_is_refused(quantised, tmp_path):
    path = quantised.folder / quantised.graphs[0].files[1].path
    path.rename(tmp_path / "outside.bin")
    path.symlink_to(tmp_path / "outside.bin")
    with pytest.raises(BundleRefused, match="leaves the bundle"):
        load_bundle(quantised.folder)
