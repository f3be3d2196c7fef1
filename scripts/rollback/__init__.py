"""Return to an earlier release: code, tables and images of one moment."""
