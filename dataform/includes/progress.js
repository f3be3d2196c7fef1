// How far each table has read, and the days of sales that it changed, kept in ods.checkpoints: append-only, read by
// a constant predicate on its partitions. docs/adr/0003 says why this is exact after any crash.

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

// A later run that finds nothing new ends here: it wrote nothing, so it owes no checkpoint.
const idle = "if until = since then return; end if;";

const isNew = "SYS_DATE_CREATE > since and SYS_DATE_CREATE <= until";

const save = (checkpoints, table, days = "cast([] as array<date>)") =>
  `insert into ${checkpoints} (table_name, seen_until, touched_days, written_at)
  values ('${table}', until, ${days}, current_timestamp());`;

// A later run with no day to write ends here; what it looked through it need not look through again.
const idleDays = (checkpoints, table) =>
  `if array_length(days) = 0 then
    ${save(checkpoints, table)}
    return;
  end if;`;

// Days that `table` changed since this one last looked; all days for one that has no memory of looking.
const touched = (checkpoints, table, salesDays) =>
  `select day
    from ${checkpoints}, unnest(touched_days) as day
    where table_name = '${table}' and written_at > since and written_at <= until
    union all
    select day from ${salesDays} where id >= if(since = ${NEVER}, -9223372036854775808, 9223372036854775807)`;

// Whether one of `tables` took something in since this one last looked.
const moved = (checkpoints, tables) =>
  `exists(
    select 1
    from ${checkpoints}
    where table_name in (${tables.map((table) => `'${table}'`).join(", ")}) and written_at > since and written_at <= until
  )`;

module.exports = { last, since, until, idle, isNew, save, idleDays, touched, moved };
