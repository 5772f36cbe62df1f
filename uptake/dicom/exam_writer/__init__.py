"""Writes volumes as the PT and CT series of a digital patient, in the manner of each vendor; never real people's."""
