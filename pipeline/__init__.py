"""Runs all steps in order (connector, Dataform, sheets_sync), one pipeline run at a time."""
