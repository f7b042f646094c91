"""Where people and machines meet readings: envelopes, files, summary, report."""
