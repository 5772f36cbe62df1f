"""Exams of a PACS or a folder: found, paired, kept in bounded caches and prepared."""
