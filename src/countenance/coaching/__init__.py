"""Coaching: few prompts about what could be seen, heard and counted, each with its reason, each measured."""
