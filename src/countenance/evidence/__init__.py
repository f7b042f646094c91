"""The evidence pack: what a regulator, an officer or a buyer asks for, written out of the running configuration."""
