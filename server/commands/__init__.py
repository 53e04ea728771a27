"""The commands of ``routa-notes`` beside ``serve``, one noun a file."""
