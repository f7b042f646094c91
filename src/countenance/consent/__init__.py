"""Has this person said yes to this modality, this purpose, this notice?"""
