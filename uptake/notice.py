"""The line that every result carries."""

RESEARCH_USE = "For research use only. Not for clinical use."
