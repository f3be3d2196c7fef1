// Assertions run daily and may not scan history: they read the days of the last five weeks. Everything that a run
// writes, however old, is checked inside its own script (checks.js).

const checkpoints = require("includes/checkpoints");
const names = require("includes/names");

const recent = (column, days = 35) =>
  `${column} >= timestamp_sub(timestamp_trunc(current_timestamp(), day), interval ${days} day)`;

// Files of the last `days` of which raw has other rows than were read: more, which no run has read, or fewer, as after rows
// were deleted from raw by hand; `tables` are those of ods, named as in raw.
const unreadRows = ({ ref }, tables, days = 35) => `
  select
    file.table_name,
    file.SYS_FILE_NAME,
    file.SYS_DATE_CREATE,
    file.raw_rows,
    file.read_rows
  from (
    select
      ifnull(loaded.table_name, read.table_name) as table_name,
      ifnull(loaded.SYS_FILE_NAME, read.SYS_FILE_NAME) as SYS_FILE_NAME,
      ifnull(loaded.SYS_DATE_CREATE, read.SYS_DATE_CREATE) as SYS_DATE_CREATE,
      ifnull(loaded.raw_rows, 0) as raw_rows,
      ifnull(read.read_rows, 0) as read_rows
    from (
      ${tables
        .map((table) => `select '${names.ofTable(ref("ods", table))}' as table_name, SYS_DATE_CREATE, SYS_FILE_NAME, count(*) as raw_rows
      from ${ref("raw", table)}
      where ${recent("SYS_DATE_CREATE", days)}
      group by SYS_DATE_CREATE, SYS_FILE_NAME`)
        .join("\n      union all\n      ")}
    ) as loaded
    -- A file that was read again has a newer row.
    full outer join (
      select table_name, SYS_DATE_CREATE, SYS_FILE_NAME, array_agg(read_rows order by written_at desc limit 1)[safe_offset(0)] as read_rows
      from ${ref("ods", "file_reads")}
      where ${recent("SYS_DATE_CREATE", days)}
        and table_name in (${tables.map((table) => `'${names.ofTable(ref("ods", table))}'`).join(", ")})
      group by table_name, SYS_DATE_CREATE, SYS_FILE_NAME
    ) as read
      on read.table_name = loaded.table_name
        and read.SYS_FILE_NAME = loaded.SYS_FILE_NAME
        and read.SYS_DATE_CREATE = loaded.SYS_DATE_CREATE
  ) as file
  -- Rows that arrived after the last run are not read yet; rows with a load time in the future never are.
  join (
    select table_name, max(seen_until) as seen_until
    from ${ref("ods", "checkpoints")}
    where written_at >= ${checkpoints.LOOKBACK} and ${checkpoints.isPast}
    group by table_name
  ) as checkpoint
    on checkpoint.table_name = file.table_name
      and (file.SYS_DATE_CREATE <= checkpoint.seen_until or file.SYS_DATE_CREATE > current_timestamp())
  where file.raw_rows != file.read_rows`;

module.exports = { recent, unreadRows };
