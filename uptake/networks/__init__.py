"""The neural networks that find lesions: shapes and weights only, torch and nothing else of this package but errors."""
