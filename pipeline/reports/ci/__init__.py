"""What a run tells a CI server: annotations, job summaries, comments, JUnit."""
