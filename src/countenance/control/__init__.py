"""Gate, consents, leases, log and outbox of one tenant as one: what is done here is durable or did not happen."""
