"""Writers that only MySQL and MariaDB have: of a primary, while the server is read-only."""

from tests.connector.database.test_hidden_writers import notes_of

KINDS = ["mysql"]


def test_a_replica_is_noted(server):
    server.allow_everything()
    server.create_orders(1)
    assert notes_of(server) == ["", ""]
    server.execute("set global read_only = 1")
    try:
        by_time, by_id = notes_of(server)
    finally:
        server.execute("set global read_only = 0")
    assert "the server is a replica or a member of a cluster" in by_time
    assert "open transactions are not visible" in by_id
