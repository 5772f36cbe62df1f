"""The annotation server: an allow-list of routes before an application that knows PET/CT exams."""
