"""The routes behind the gate, one group to a file."""
