"""From a planned exam to voxels: the PET without and with noise, the CT, and the labels that are their truth."""
