"""Stand-ins for another corpus: RAVDESS against itself, further apart than its folds.

python -m bench.stand_ins --data CORPORA --work FOLDER --change pairs --nets 2

Emo-DB has no part in it and is not read.
"""
