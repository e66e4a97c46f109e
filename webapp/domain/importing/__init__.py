"""Records and cells of files: what a field may hold."""
