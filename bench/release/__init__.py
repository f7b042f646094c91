"""What is shipped: packages that can be built again bit by bit, what is in them, and a signature over all of it."""
