"""Writing the results: SEG, TID 1500 report, value map, PDF and key image."""
