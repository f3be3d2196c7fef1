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

// A watermark in the future, which a row of raw with such a load time would leave, would end all reading without an error.
const isPast = "seen_until <= written_at";

const watermark = (context) => `(
    select array_agg(seen_until order by written_at desc limit 1)[safe_offset(0)]
    from ${table(context)}
    where table_name = '${names.ofTable(context.self())}' and written_at >= ${LOOKBACK} and ${isPast}
  )`;

// Only a full refresh, which is not in a transaction, reads what others have committed meanwhile.
const declareBegun = (context) =>
  context.incremental() ? "" : "declare begun_at timestamp default current_timestamp();";

// A full refresh starts from the beginning.
const declareSince = (context) =>
  `${declareBegun(context)}
  declare since timestamp default ${context.incremental() ? `ifnull(${watermark(context)}, ${NEVER})` : NEVER};`;

// A request to read raw again from a moment (scripts/refresh). A row of its own, known by its identity: a run that began
// before the request, and commits after it, would pass a watermark that was moved back.
const againName = (context) => `${names.ofTable(context.self())} (again)`;

// For a table that reads raw: from its watermark, or from the earliest moment of a request that no run has read.
const declareReading = (context) =>
  `${declareBegun(context)}
  declare look_back timestamp default ${LOOKBACK};
  declare unread array<string> default ${unreadRows(context, [againName(context)])};
  declare since timestamp default ${context.incremental() ? `least(ifnull(${watermark(context)}, ${NEVER}), ifnull((
    select min(seen_until)
    from ${table(context)}
    where written_at > look_back and table_name = '${againName(context)}'
      and ${keyOf("table_name", "written_at")} in unnest(array_concat(unread, ['']))
  ), current_timestamp()))` : NEVER};`;

// New to this run. Rows that arrive while it runs belong to the next one.
const isNew = (column) => `${column} > since and ${column} <= until`;

// `days` is an array<date> in SQL: the days of sales whose rows may have changed. A watermark that was moved back by hand
// while the script ran stays: the next run reads from there.
const save = (context, days = "cast([] as array<date>)", writtenAt = "current_timestamp()") =>
  `insert into ${table(context)} (table_name, seen_until, touched_days, written_at)
  select '${names.ofTable(context.self())}', if(moved < since, moved, until), ${days}, ${writtenAt}
  from (select ${watermark(context)} as moved);
  ${saveRead(context)}`;

// In a full refresh: days that it may empty, in case that it is stopped. Its watermark stays, and it counts as written
// before the refresh began, so that it does not count as another run of the table.
const noteDays = (context, days) =>
  `if array_length(${days}) > 0 then
    insert into ${table(context)} (table_name, seen_until, touched_days, written_at)
    values ('${names.ofTable(context.self())}', ifnull(${watermark(context)}, ${NEVER}), ${days}, timestamp_sub(begun_at, interval 1 microsecond));
  end if;`;

// A full refresh that needs several statements requests first that everything is read again, and withdraws the request
// at its end: one that is stopped between two statements would leave the table without the days of the others.
const requestAll = (context) =>
  `insert into ${table(context)} (table_name, seen_until, written_at)
    values ('${againName(context)}', ${NEVER}, begun_at);`;

const withdrawRequest = (context) => `set unread = array_concat(unread, [${keyOf(`'${againName(context)}'`, "begun_at")}]);`;

// After a full refresh has saved its checkpoint. BigQuery replaces the table without noticing what another run of it has
// committed since the refresh began; that run has saved its checkpoint too, and the rows would be in no table.
const readOthersAgain = (context) =>
  `insert into ${table(context)} (table_name, seen_until, written_at)
  select '${againName(context)}', min(seen_until), current_timestamp()
  from ${table(context)}
  where ${savedSinceBegun(context)}
  having count(*) > 1;`;

const writeOthersAgain = (context) =>
  `insert into ${table(context)} (table_name, seen_until, touched_days, written_at)
  select '${restName(context)}', max(seen_until), array_concat_agg(touched_days), current_timestamp()
  from ${table(context)}
  where ${savedSinceBegun(context)}
  having count(*) > 1;`;

const savedSinceBegun = (context) => `table_name = '${names.ofTable(context.self())}' and written_at >= begun_at`;

// Days that a run left for the next one, because they were too many for one statement.
const restName = (context) => `${names.ofTable(context.self())} (rest)`;

const saveRest = (context) =>
  `if array_length(rest) > 0 then
    insert into ${table(context)} (table_name, seen_until, touched_days, written_at)
    values ('${restName(context)}', until, rest, current_timestamp());
  end if;`;

const inNames = (all) => `table_name in (${all.map((name) => `'${name}'`).join(", ")})`;

// The rows of these names that no run of this table has read, such as checkpoints of the tables that it follows: an array of
// '<table> <microseconds of written_at>'. Found by identity and not only by time: a transaction of another invocation
// can commit a checkpoint whose time this table's last run has passed. No script runs for as long as the look-back.
const readName = (context) => `${names.ofTable(context.self())} read `;

const keyOf = (name, time) => `concat(${name}, ' ', cast(unix_micros(${time}) as string))`;

const unreadRows = (context, rowNames) =>
  `array(
    select ${keyOf("table_name", "written_at")}
    from ${table(context)}
    where ${inNames(rowNames)} and written_at > look_back
      and ${keyOf("table_name", "written_at")} not in (
        select ${keyOf(`replace(table_name, '${readName(context)}', '')`, "seen_until")}
        from ${table(context)}
        where starts_with(table_name, '${readName(context)}') and written_at > look_back
      )
  )`;

// `lists` are tables without days.
const declareUnread = (context, tables, lists = []) =>
  `declare look_back timestamp default timestamp_sub(if(since = ${NEVER}, current_timestamp(), since), interval 1 day);
  declare unread array<string> default ${unreadRows(context, [
    ...[...tables, ...lists].map(names.ofTable),
    ...lists.map(refreshedName),
    restName(context),
  ])};`;

// A list that is replaced can lack rows that it had before, as after rows were deleted from raw by hand, and no later
// comparison finds them: a table that follows it writes all its days again. Noted before the list is replaced, in case that
// the refresh is stopped, and after it, in case that a follower ran meanwhile.
const refreshedName = (list) => `${names.ofTable(list)} (refreshed)`;

const noteRefreshed = (context) =>
  `insert into ${table(context)} (table_name, seen_until, written_at)
  values ('${refreshedName(context.self())}', ${NEVER}, current_timestamp());`;

const anyRefreshed = (lists) => anyUnreadName(lists.map(refreshedName));

const saveRead = (context) =>
  `insert into ${table(context)} (table_name, seen_until, written_at)
  select
    concat('${readName(context)}', regexp_extract(one, r'^(.*) [0-9]+$')),
    timestamp_micros(cast(regexp_extract(one, r' ([0-9]+)$') as int64)),
    current_timestamp()
  from unnest(unread) as one;`;

// Never compared with an empty array, which would fold to FALSE together with the filter of the partitions.
const touchedDays = (context) =>
  `select day
      from ${table(context)}, unnest(touched_days) as day
      where written_at > look_back and ${keyOf("table_name", "written_at")} in unnest(array_concat(unread, ['']))`;

// Whether any of `tables` has an unread checkpoint.
const anyUnread = (tables) => anyUnreadName(tables.map(names.ofTable));

const anyUnreadName = (all) =>
  `exists(select 1 from unnest(unread) as one where ${all.map((name) => `starts_with(one, '${name} ')`).join(" or ")})`;

// Whether an unread checkpoint of `written` was written at `time`.
const isUnread = (written, time) => `${keyOf(`'${names.ofTable(written)}'`, time)} in unnest(unread)`;

module.exports = {
  NEVER, LOOKBACK, isPast, declareSince, declareReading, isNew, save, saveRest, noteDays, requestAll, withdrawRequest, readOthersAgain,
  writeOthersAgain, declareUnread, noteRefreshed, anyRefreshed, touchedDays, anyUnread, isUnread,
};
