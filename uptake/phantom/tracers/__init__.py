"""What a tracer does in healthy tissue: published uptake by organ, physiological traps, and texture within organs."""
