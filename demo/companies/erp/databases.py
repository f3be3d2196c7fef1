"""The databases of the enterprise, with their data: the ledger in PostgreSQL, the warehouse system in MariaDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pymysql

from demo.servers.database import NO_MARIADB, find_mariadb, running_mariadb, running_postgres
from sandbox.errors import CannotStart

# A blank and a quote, which have to be escaped in a URL and in SQL.
PASSWORD = "the pass'word"  # of both accounts `connector`
INVOICES, PAYMENTS, ARTICLES = 2500, 3000, 800
# Invoices have 13 cost centres and the list only 12, so one has no name. Times have microseconds.
LEDGER = f"""
create role connector login password 'the pass''word';
create schema ledger;
create table ledger.invoices (
  id bigint primary key, number varchar(20) not null unique, account_id char(5) not null, cost_centre text not null,
  status text not null, amount numeric(12, 2) not null, issued_on date not null, details jsonb,
  updated_at timestamptz not null
);
create index on ledger.invoices (updated_at, id);
create table ledger.payments (
  id bigint generated always as identity primary key,
  invoice_id bigint not null references ledger.invoices on delete cascade,
  amount numeric(12, 2) not null, paid_at timestamp not null
);
insert into ledger.invoices
select n, 'R-' || n, 'A' || lpad((n * 7 % 250)::text, 4, '0'), 'CC' || lpad((n % 13)::text, 2, '0'),
  (array['open', 'paid', 'paid', 'cancelled'])[1 + n % 4], (n * 37 % 90000)::numeric / 100 + 10,
  date '2025-01-01' + n % 450,
  case when n % 5 > 0 then jsonb_build_object('article', n % 800, 'text', E'tab\\t "q" é') end,
  timestamptz '2025-01-01 00:00:00+00' + n * interval '3 hours 7.123457 seconds'
from generate_series(1, {INVOICES}) n;
insert into ledger.payments (invoice_id, amount, paid_at)
select 1 + n * 11 % {INVOICES}, (n * 53 % 40000)::numeric / 100 + 1, timestamp '2025-02-01' + n * interval '2 hours'
from generate_series(1, {PAYMENTS}) n;
grant usage on schema ledger to connector;
grant select on all tables in schema ledger to connector;
grant pg_read_all_stats to connector;
"""
# Table seq_1_to_N is not created: it is MariaDB's virtual table of the integers from 1 to N.
STOCK = (
    "create database stock character set utf8mb4",
    "create user connector@'127.0.0.1' identified by 'the pass''word'",
    "grant select on stock.* to connector@'127.0.0.1'",
    "grant process on *.* to connector@'127.0.0.1'",
    """create table stock.articles (
      sku varchar(20) primary key, name varchar(200), price decimal(12, 4) not null, stock int unsigned not null,
      is_active tinyint(1) not null, updated_at datetime(6) not null, key (updated_at)
    )""",
    f"""insert into stock.articles
    select concat('ART-', lpad(seq, 5, '0')), if(seq % 50 = 0, null, concat('Größe ', seq, ' 🚲')), seq * 1.0625,
      seq * 4999, seq % 6 > 0, timestamp '2025-06-01 00:00:00' + interval seq * 61000001 microsecond
    from stock.seq_1_to_{ARTICLES}""",
)


@dataclass
class Databases:
    """`ledger` is a superuser's connection with autocommit; `late` has a transaction that is still open."""

    ledger: psycopg.Connection[tuple[Any, ...]]
    late: psycopg.Connection[tuple[Any, ...]]
    stock: "pymysql.Connection[Any]"
    variables: dict[str, str]

    def query_ledger(self, sql: str) -> list[tuple[Any, ...]]:
        return self.ledger.execute(sql).fetchall()

    def query_stock(self, sql: str) -> list[tuple[Any, ...]]:
        with self.stock.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())


@contextmanager
def running_databases() -> Iterator[Databases]:
    """CannotStart without MariaDB. An invoice is inserted and not yet committed: its time is before the first copy."""
    if find_mariadb() is None:
        raise CannotStart(NO_MARIADB)
    with running_postgres() as url, running_mariadb() as port:
        place = url.split("@")[1]
        # Without passwords: the connector reads them from the secrets.
        variables = {
            "ERP_URL": f"postgresql://connector@{place}",
            "STOCK_URL": f"mysql://connector@127.0.0.1:{port}/stock",
        }
        with (
            psycopg.connect(url, autocommit=True) as ledger,
            psycopg.connect(url) as late,
            pymysql.connect(
                host="127.0.0.1", port=port, user="root", charset="utf8mb4", autocommit=True
            ) as stock,
        ):
            databases = Databases(ledger, late, stock, variables)
            fill(databases)
            yield databases


def fill(databases: Databases) -> None:
    databases.ledger.execute(LEDGER)
    with databases.stock.cursor() as cursor:
        for statement in STOCK:
            cursor.execute(statement)
    databases.late.execute(
        "insert into ledger.invoices values "
        "(90001, 'LATE-1', 'A0001', 'CC01', 'open', 77.70, '2026-02-01', null, clock_timestamp())"
    )
