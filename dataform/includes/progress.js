// How far each table has read, kept in ods.checkpoints, and the days it was about to change, in ods.touched_days.
// Both are append-only and read by constant predicates on their partitions. docs/adr/0003 says why it is exact.

const NEVER = "timestamp '1970-01-01'";
const MEMORY = "timestamp_sub(current_timestamp(), interval 90 day)";

// Where `table` stopped reading; NULL when it never began, or so long ago that it begins again.
const last = (checkpoints, table) =>
  `(select array_agg(seen_until order by written_at desc limit 1)[safe_offset(0)]
    from ${checkpoints}
    where table_name = '${table}' and written_at >= ${MEMORY})`;

// Where this run begins to read: a full refresh begins at the beginning.
const since = (checkpoints, table, isIncremental) =>
  `declare since timestamp default ${isIncremental ? `ifnull(${last(checkpoints, table)}, ${NEVER})` : NEVER};`;

// Where it ends: the newest load of raw that this run sees. Loads that come while it runs are the next one's.
const until = (rows) =>
  `declare until timestamp default ifnull((select max(SYS_DATE_CREATE) from ${rows} where SYS_DATE_CREATE > since), since);`;

const isNew = "SYS_DATE_CREATE > since and SYS_DATE_CREATE <= until";

const save = (checkpoints, table) =>
  `insert into ${checkpoints} (table_name, seen_until, written_at) values ('${table}', until, current_timestamp());`;

const announce = (touchedDays, table, days) =>
  `insert into ${touchedDays} (day, touched_by, touched_at)
  select day, '${table}', current_timestamp() from unnest(${days}) as day;`;

// Days that `table` announced since this one last read them.
const announced = (touchedDays, table) =>
  `select day from ${touchedDays}
    where touched_by = '${table}' and touched_at > since and touched_at <= until`;

module.exports = { NEVER, last, since, until, isNew, save, announce, announced };
