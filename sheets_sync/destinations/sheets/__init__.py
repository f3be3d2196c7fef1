"""A tab of a Google spreadsheet, next to which people keep columns of their own."""
