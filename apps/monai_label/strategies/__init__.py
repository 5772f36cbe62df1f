"""Choosing the next exam to annotate: what is computed of each exam, where it is kept, and who is chosen."""
