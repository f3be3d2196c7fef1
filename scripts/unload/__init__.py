"""Take a load out of raw: its rows, its files, and what the warehouse computed from them."""
