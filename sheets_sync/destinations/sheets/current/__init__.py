"""Current content of a spreadsheet: tabs, ownership marks, rows, and the last synced state."""
