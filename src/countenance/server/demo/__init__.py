"""A live call to click through: the two drawn people of the sample call join a service of one's own as clients do."""
