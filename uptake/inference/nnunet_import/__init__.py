"""Turning a trained nnU-Net v2 model into a bundle: its network, weights, grid, normalisation, tiling and classes.

Nothing of nnU-Net has to be installed; its files are read, and never trusted. Whatever Uptake would run differently
from nnU-Net is refused by name.
"""

from uptake.inference.nnunet_import.importing import import_nnunet
from uptake.inference.nnunet_import.options import ImportOptions

__all__ = ["ImportOptions", "import_nnunet"]
