"""A page to listen on: chapters, waveform, a transcript that follows the voice, findings, takes and costs."""
