"""The independent checker: measures noise-free exams and names their categories, with code of its own."""
