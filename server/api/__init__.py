"""The HTTP side, one noun a file."""
