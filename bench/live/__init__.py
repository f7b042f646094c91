"""How many people a worker reads in real time, how late it is, and what happens to live calls under faults."""
