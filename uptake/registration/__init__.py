"""Bringing volumes onto a common grid."""
