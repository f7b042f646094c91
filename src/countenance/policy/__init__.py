"""May this deployment read this person's modality at all: laws as dated data, and the gate that applies them."""
