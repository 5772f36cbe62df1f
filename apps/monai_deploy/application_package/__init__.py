"""The MONAI application package (MAP): its tree, its requirements, its Dockerfile and manifests."""
