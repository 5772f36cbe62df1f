"""From a preprocessed volume and trained networks to class probabilities: tiles, blending, ensembles.

torch is imported by the modules of this package only; nothing here is imported when the command line starts.
"""
