"""Notes for systems of record, in the shapes those take: drafts until a human lets one leave."""
