"""Training by recipe: exams with truth in, cross-validated networks out, which a bundle can be made of."""
