"""Measurements. Each is a command in this folder; none is a test."""
