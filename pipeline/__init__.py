"""The order of things: connector, Dataform, sheets_sync; one run at a time, and what failed has a name."""
