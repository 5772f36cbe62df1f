"""First lesions without a network: where the body is, and which voxels stand out in it."""

from uptake.regions.body_mask import body_mask
from uptake.regions.segment import PHYSIOLOGICAL_CAVEAT, segment

__all__ = ["PHYSIOLOGICAL_CAVEAT", "body_mask", "segment"]
