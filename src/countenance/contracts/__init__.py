"""The vocabulary every stage shares; standard library and numpy only."""
