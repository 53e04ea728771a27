"""What a message means and what a document does: bytes in, bytes out. No I/O, no clock, no tasks."""
