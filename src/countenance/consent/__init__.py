"""Has this person said yes to this modality, for this purpose, in the kind the law asks for."""
