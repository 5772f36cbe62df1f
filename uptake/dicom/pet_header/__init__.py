"""What a PET header says: times, injected dose, units and value maps."""
