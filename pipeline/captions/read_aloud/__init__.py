"""The read-aloud book: EPUB 3.3 whose words light up as they are heard (Media Overlays)."""
