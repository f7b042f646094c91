"""The media plane: a process that taps calls, reads what it holds a lease for, and sends what came of it."""
