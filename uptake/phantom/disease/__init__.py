"""Disease of digital patients: where lesions lie, how large and hot they are, what becomes of them, and to what end."""
