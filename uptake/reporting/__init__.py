"""What people and programs read: figures, the PDF report, results.json and metadata.json."""
