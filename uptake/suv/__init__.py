"""From PET voxels to standardised uptake values: decay, administered activity, and the normalisations."""
