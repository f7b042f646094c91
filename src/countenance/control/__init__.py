"""Gate, consents, leases, log and outbox of one tenant, held together: what is done here is durable or did not happen."""
