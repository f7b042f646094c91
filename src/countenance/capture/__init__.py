"""From media to samples: taps, sampling, faces, speech, transcripts."""
