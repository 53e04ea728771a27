"""What is kept: the store chosen, its schema, the note log. No sockets, no documents."""
