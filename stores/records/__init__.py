"""The tables around the notes, one noun a file: typed create, read, list, update and delete."""
