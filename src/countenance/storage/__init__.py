"""What one tenant keeps: tables, the log's rows, and the vault whose keys make erasing final."""
