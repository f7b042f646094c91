"""Training and measuring fusions: on own labelled calls, or on label-matched tuples that only prove the machinery."""
