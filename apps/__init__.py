"""Applications around the package: the MONAI Deploy graph and the MONAI Label server."""
