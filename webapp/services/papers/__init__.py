"""Papers: how documents read in their own formats, and their PDF files."""
