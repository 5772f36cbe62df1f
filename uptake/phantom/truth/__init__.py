"""The truth of a digital patient as a document: what ``truth.json`` holds, after a published schema."""
