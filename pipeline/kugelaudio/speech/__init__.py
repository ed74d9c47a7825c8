"""The speaking half of the API: WebSocket conversations as state machines, and the thin shell that carries them."""
