// How every table of rejects begins: `arrived` has the rows of raw that are new and cannot be typed, and `file_days`
// the days of their files.

const files = require("includes/files");
const progress = require("includes/progress");

const arrived = (checkpoints, table, raw, typed, isIncremental) =>
  `${progress.since(checkpoints, table, isIncremental)}
  ${progress.until(raw)}
  declare file_days array<date> default [];
  ${isIncremental ? progress.idle : ""}

  create temp table arrived as
  select
    ${files.day("SYS_FILE_NAME")} as file_day,
    reason,
    payload,
    min(SYS_DATE_CREATE) as SYS_DATE_CREATE,
    SYS_FILE_NAME
  from ${typed(raw)}
  where reason is not null
  group by file_day, reason, payload, SYS_FILE_NAME;

  set file_days = array(select distinct file_day from arrived);`;

module.exports = { arrived };
