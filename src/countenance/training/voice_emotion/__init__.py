"""Training of the voice emotion net on RAVDESS.

`python -m countenance.training.voice_emotion.<step>`, in this order: `folds` (five nets by actor and the final one),
`figures` (held-out figures and calibration), `replay` (the same nets through the product's capture), `bundle` (writes
voice-emotion.v1), `emodb` (the bundle on another corpus). Each step explains itself with `--help`.
"""
