"""Rendering: which takes are missing, and making them."""
