"""The only place that waits: sockets, HTTP, tasks and settings."""
