"""Cohorts of digital patients: specified in one small file, made in parallel, resumed where they stopped."""
