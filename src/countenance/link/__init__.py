"""The line between the two planes: frames and messages, the same words on both ends."""
