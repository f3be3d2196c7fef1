# One query of a library into a Parquet file: python extract_library.py LIBRARY URL FOLDER

import pathlib
import sys
import urllib.parse

library, url, folder = sys.argv[1:]
SQL = "select * from orders"


def connectorx():
    import connectorx
    import pyarrow.parquet

    pyarrow.parquet.write_table(connectorx.read_sql(url, SQL, return_type="arrow"), f"{folder}/out.parquet")


def adbc():
    import adbc_driver_postgresql.dbapi
    import pyarrow.parquet

    with adbc_driver_postgresql.dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(SQL)
        reader = cursor.fetch_record_batch()
        with pyarrow.parquet.ParquetWriter(f"{folder}/out.parquet", reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)


def duckdb():
    import duckdb
    import duckdb_extension_mysql_scanner
    import duckdb_extension_postgres_scanner

    connection = duckdb.connect()
    if url.startswith("file"):
        source = f"read_csv('{url.removeprefix('file://')}orders.csv', all_varchar = true)"
    else:
        kind = "postgres" if url.startswith("postgres") else "mysql"
        package = {"postgres": duckdb_extension_postgres_scanner, "mysql": duckdb_extension_mysql_scanner}[
            kind
        ]
        load_extension(connection, package)
        place = urllib.parse.urlsplit(url)
        login = f"host={place.hostname} port={place.port} user={place.username} database={place.path[1:]}"
        address = url if kind == "postgres" else login
        connection.execute(f"attach '{address}' as source (type {kind}, read_only)")
        source = {"postgres": "source.public.orders", "mysql": "source.bench.orders"}[kind]
    connection.execute(f"copy (select * from {source}) to '{folder}/out.parquet' (format parquet)")


def load_extension(connection, package):
    [path] = pathlib.Path(package.__file__).parent.rglob("*.duckdb_extension*")
    connection.execute(f"load '{path}'")


globals()[library]()
