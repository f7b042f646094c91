"""Training of the face finder: composites, net, teacher, training and evaluation."""
