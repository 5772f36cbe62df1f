"""English free-text reports of digital patients' exams, with the truth beside the text."""
