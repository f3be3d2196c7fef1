// The watermark of each incremental table, and the days of sales that it changed: rows of ods.checkpoints, which is
// append-only. docs/adr/0003 explains why the result is exact after any crash.
//
// A script declares `since` (its watermark) and `until` (how far it reads now); both are constants to BigQuery's
// planner, so a comparison with them prunes partitions.

const names = require("includes/names");

const NEVER = "timestamp '1970-01-01'";
// Bounds the scan of ods.checkpoints, whose partitions expire after 100 days. A table that has not run for longer
// has no watermark and starts from the beginning.
const LOOKBACK = "timestamp_sub(current_timestamp(), interval 90 day)";

const table = (context) => context.ref("ods", "checkpoints");

// A full refresh starts from the beginning.
const declareSince = (context) => {
  const watermark = `(
    select array_agg(seen_until order by written_at desc limit 1)[safe_offset(0)]
    from ${table(context)}
    where table_name = '${names.ofTable(context.self())}' and written_at >= ${LOOKBACK}
  )`;
  return `declare since timestamp default ${context.incremental() ? `ifnull(${watermark}, ${NEVER})` : NEVER};`;
};

// New to this run. Rows that arrive while it runs belong to the next one.
const isNew = (column) => `${column} > since and ${column} <= until`;

// `days` is an array<date> in SQL: the days of sales whose rows may have changed.
const save = (context, days = "cast([] as array<date>)") =>
  `insert into ${table(context)} (table_name, seen_until, touched_days, written_at)
  values ('${names.ofTable(context.self())}', until, ${days}, current_timestamp());`;

const inTables = (tables) => `table_name in (${tables.map((address) => `'${names.ofTable(address)}'`).join(", ")})`;

// The days that any of `tables` changed since this table last ran.
const touchedDays = (context, tables) =>
  `select day
      from ${table(context)}, unnest(touched_days) as day
      where ${inTables(tables)} and ${isNew("written_at")}`;

// Whether any of `tables` stored something since this table last ran.
const anyChanged = (context, tables) =>
  `exists(select 1 from ${table(context)} where ${inTables(tables)} and ${isNew("written_at")})`;

module.exports = { NEVER, LOOKBACK, declareSince, isNew, save, touchedDays, anyChanged };
