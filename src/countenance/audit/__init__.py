"""A durable lease before any model call, a durable result before any output, in a log whose changes show."""
