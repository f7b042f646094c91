"""Names of our own in the records of others. They are names, not addresses: nothing answers there."""


def term(name: str) -> str:
    """The IRI of a term."""
    return f"urn:countenance:{name}"
