"""The model card of an imported bundle."""

from __future__ import annotations

from uptake.inference.model_store import Bundle, InputChannel
from uptake.inference.nnunet_import.origin import Origin

_CARD = """\
# {name}

{description}

**For research use only.** {training} Nobody has checked the answers of this network within Uptake.

## Where it is from

| | |
|---|---|
| data set | {dataset} |
| trainer | {trainer} |
| configuration | {configuration}, {network} |
| checkpoints | {checkpoint} of {folds} |

The weights are the original ones, tensor by tensor{axes}. A trainer that does more at inference than nnU-Net's own
(other preprocessing, other activations) would not be seen by the import.

## What it reads

| channel | kind | unit | normalisation |
|---|---|---|---|
{channels}

The PET must be SUV by body weight in g/ml. The import cannot see in what unit the weights were trained: weights that
were trained on Bq/ml or on counts give wrong answers here. The CT is in HU, resampled to the PET.

Voxels of {spacing} mm (z, y, x) in the orientation {orientation}; an orientation other than the one it was trained in
costs accuracy, and left and right may be exchanged.

## What it answers

| value | label in nnU-Net | class |
|---|---|---|
{classes}

{metrics}
## Running it

```
uptake models verify {name}
uptake run EXAM OUT --model {name}
```

As nnU-Net: crop to what is not 0, normalise, resample; patches of {patch} voxels that overlap by half, Gaussian
weights; logits averaged over patches and folds and resampled to the PET before the class is chosen. Mirroring
({mirroring}) is nnU-Net's default; here it is off unless asked for, because it multiplies the time.
"""


def model_card(bundle: Bundle, origin: Origin) -> str:
    """Write the card, Markdown."""
    zyx = " x ".join
    mirrored = ", ".join("zyx"[axis] for axis in bundle.tiling.mirror_axes)
    labels = zip(bundle.classes, origin.labels, strict=True)
    return _CARD.format(
        name=bundle.name,
        description=bundle.description,
        training=bundle.training.description,
        dataset=origin.dataset,
        trainer=origin.trainer,
        configuration=origin.configuration,
        network=origin.network,
        checkpoint=origin.checkpoint,
        folds=origin.folds,
        axes="" if origin.axes_kept else ", their axes put in the order z, y, x",
        channels="\n".join(
            f"| {each.name} | {each.kind} | {each.unit} | {_normalised(each)} |" for each in bundle.inputs
        ),
        spacing=zyx(f"{each:g}" for each in bundle.preprocessing.spacing_mm),
        orientation=bundle.preprocessing.orientation,
        classes="\n".join(f"| {each.value} | {label} | {each.name} |" for each, label in labels),
        metrics=_measured(bundle),
        patch=zyx(map(str, bundle.tiling.patch)),
        mirroring=f"axes {mirrored}" if mirrored else "no axes: it was trained without",
    )


def _normalised(channel: InputChannel) -> str:
    by = channel.normalisation
    if by.kind == "fixed" and by.clip is not None:
        return f"clipped to {by.clip[0]:g} to {by.clip[1]:g}, minus {by.mean:g}, over {by.sd:g}"
    return f"{by.kind}, of voxels other than 0" if by.nonzero_only else by.kind


def _measured(bundle: Bundle) -> str:
    if not bundle.metrics:
        return "No figures of merit came with it.\n"
    rows = "\n".join(f"| {each.class_name} | {each.value:.4f} |" for each in bundle.metrics)
    where = bundle.metrics[0].measured_on
    return f"Mean Dice of {where} (in nnU-Net, with its mirroring):\n\n| class | Dice |\n|---|---|\n{rows}\n"
