"""What a run tells: machine-readable results and the summary for people."""
