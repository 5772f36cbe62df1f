"""MONAI Label for PET and CT together: the datastore, the models, the training and the server."""
