"""The learning experiment: how fast a model learns from real exams, by who is annotated next."""
