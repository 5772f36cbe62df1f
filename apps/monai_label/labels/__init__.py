"""Labels: who made them, which are truth, and how they are saved."""
