// How every table of ods that reads raw begins: the raw rows that are new to this run are typed once, into the
// temporary table `typed_rows`, and the invalid ones stored as rejects.

const checkpoints = require("includes/checkpoints");
const names = require("includes/names");
const types = require("includes/types");

const ANY_FILE_DAY = "date '0001-01-01'";

// Variables come first in a script of BigQuery; `more` are those of the table itself.
const typeNewRows = (context, { source, columns }, more = []) =>
  `${checkpoints.declareReading(context)}
  declare until timestamp default ifnull(
    (select max(SYS_DATE_CREATE) from ${source} where SYS_DATE_CREATE > since and SYS_DATE_CREATE <= current_timestamp()),
    since
  );
  declare file_days array<date> default [];
  ${more.join("\n  ")}
  ${context.incremental() ? "if until = since then return; end if;" : ""}

  create temp table typed_rows as
  ${types.select(columns, ["SYS_DATE_CREATE", "SYS_FILE_NAME"], `from ${source} where ${checkpoints.isNew("SYS_DATE_CREATE")}`)};

  set file_days = array(select distinct ${names.dayOfFile("SYS_FILE_NAME")} from typed_rows where reason is not null);`;

// How many rows of each file were read, so that a daily assertion finds rows of raw that no run has read. Rows of older
// loads are not compared.
const recordReads = (context) =>
  `insert into ${context.ref("ods", "file_reads")}
    (table_name, read_rows, rejected_rows, written_at, SYS_DATE_CREATE, SYS_FILE_NAME)
  select
    '${names.ofTable(context.self())}',
    count(*),
    countif(reason is not null),
    current_timestamp(),
    SYS_DATE_CREATE,
    SYS_FILE_NAME
  from typed_rows
  where SYS_DATE_CREATE >= ${checkpoints.LOOKBACK}
  group by SYS_DATE_CREATE, SYS_FILE_NAME
  ${context.incremental() ? "" : `union all
  -- Files whose rows were deleted from raw: a full refresh has read none of them.
  select distinct '${names.ofTable(context.self())}', 0, 0, current_timestamp(), lost.SYS_DATE_CREATE, lost.SYS_FILE_NAME
  from ${context.ref("ods", "file_reads")} as lost
  left join typed_rows on typed_rows.SYS_FILE_NAME = lost.SYS_FILE_NAME and typed_rows.SYS_DATE_CREATE = lost.SYS_DATE_CREATE
  where lost.table_name = '${names.ofTable(context.self())}' and lost.SYS_DATE_CREATE >= ${checkpoints.LOOKBACK}
    and typed_rows.SYS_FILE_NAME is null`};
`;

// One row a file and payload, however often the file is loaded, with the reason of its first load. Skipped when nothing
// was rejected: BigQuery folds `in unnest([])` to FALSE and then misses the partition filter that the table requires
// (dbt-adapters#600).
const storeRejects = (context, { rejects }) =>
  `${recordReads(context)}
  ${context.incremental() ? "" : `delete from ${rejects} where file_day >= ${ANY_FILE_DAY};`}
  if array_length(file_days) > 0 then
    insert into ${rejects} (reason, payload, file_day, SYS_DATE_CREATE, SYS_FILE_NAME)
    select
      rejected.reason,
      rejected.payload,
      rejected.file_day,
      rejected.SYS_DATE_CREATE,
      rejected.SYS_FILE_NAME
    from (
      select
        -- A time that is too far ahead of one load may be in the past of the next one.
        array_agg(reason order by SYS_DATE_CREATE limit 1)[offset(0)] as reason,
        payload,
        ${names.dayOfFile("SYS_FILE_NAME")} as file_day,
        min(SYS_DATE_CREATE) as SYS_DATE_CREATE,
        SYS_FILE_NAME
      from typed_rows
      where reason is not null
      group by payload, file_day, SYS_FILE_NAME
    ) as rejected
    left join (
      select payload, SYS_FILE_NAME
      from ${rejects}
      where file_day in unnest(file_days)
    ) as stored
      on stored.SYS_FILE_NAME = rejected.SYS_FILE_NAME and stored.payload = rejected.payload
    where stored.payload is null;
  end if;`;

module.exports = { typeNewRows, storeRejects };
