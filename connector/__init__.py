"""source ─▶ bucket ─▶ raw: pages of an API become files, files become rows, each exactly once."""
