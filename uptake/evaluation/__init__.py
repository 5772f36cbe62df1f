"""How well networks do on patients that they were not trained on, with the papers' own protocols and tables."""
