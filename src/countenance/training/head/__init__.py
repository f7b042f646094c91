"""A small head on what the shipped nets saw: logistic regression in numpy, split by person, calibrated out of fold."""
