"""Training from the server: exams with truth, versions of a bundle, and which version is in use."""
