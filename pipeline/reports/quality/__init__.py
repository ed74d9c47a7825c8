"""What was made, listened to: every finding with its place, its limit and the next step."""
