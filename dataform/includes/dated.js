// Tables of ods whose rows have versions and a day, partitioned by that day: ods.sales. A newer version replaces the
// older one, also when it names another day.

const arrivals = require("includes/arrivals");
const bounds = require("includes/bounds");
const checkpoints = require("includes/checkpoints");
const checks = require("includes/checks");
const locks = require("includes/locks");
const names = require("includes/names");
const options = require("includes/options");
const versions = require("includes/versions");

const LOWEST_ID = "-9223372036854775808";
const HIGHEST_ID = "9223372036854775807";

// `source` is the raw table; `columns` are types by column (types.js); `days` is the table of (id, day) that finds the
// partitions of older versions; `time` is the timestamp whose day partitions the table.
const model = (context, declared) => {
  const table = context.self();
  const place = names.ofTable(table);
  const { source, rejects, days, key, time, columns } =
    options.check(place, declared, ["source", "rejects", "days", "key", "time", "columns"]);
  options.checkColumns(place, columns, [key, time]);
  const later = context.incremental();
  const facts = Object.keys(columns).filter((column) => column !== key);
  const content = Object.fromEntries(facts.map((fact) => [fact, columns[fact]]));
  const inDays = `date(${time}) in unnest(days)`;

  const storeDays = `
    insert into ${days} (id, day)
    select distinct typed_rows.${key}, date(typed_rows.${time})
    from typed_rows
    left join (
      select id, day
      from ${days}
      where id between lowest_id and highest_id
    ) as stored on stored.id = typed_rows.${key} and stored.day = date(typed_rows.${time})
    where typed_rows.reason is null and stored.id is null;`;

  const deleteOlder = (where) =>
    `delete from ${table}
  where ${where}
    and ${key} in (
      select stored.${key}
      from (select * from ${table} where ${where}) as stored
      join arrived on arrived.${key} = stored.${key}
      where ${versions.supersedes("arrived", "stored", content)}
    );`;

  // BigQuery limits the partitions that one statement writes. All statements but those of the newest days are rare: a
  // full refresh or a backfill of more than eight years.
  const inSpan = ({ from, until }) => `date(${time}) between ${from} and ${until} and date(${time}) < first_day`;
  const inSpans = (statement) =>
    bounds.SPANS.map((span) => `
  if exists(select 1 from unnest(days) as day where day between ${span.from} and ${span.until} and day < first_day) then
    ${statement(inSpan(span))}
  end if;`).join("");

  const isSliced = `array_length(days) > ${bounds.DAYS_PER_STATEMENT}`;

  const deleteOlderInSlices = `
  set newest_days = array(select day from unnest(days) as day where day >= first_day);
  ${deleteOlder(`date(${time}) in unnest(newest_days)`)}
  ${inSpans(deleteOlder)}`;

  // Two scalar variables: no documentation states that a field of a STRUCT variable prunes partitions.
  const begin = `
  ${arrivals.typeNewRows(context, { source, columns }, [
    "declare days array<date> default [];",
    "declare first_day date default date '1989-12-31';",
    later ? "declare newest_days array<date> default [];" : "declare old_days array<date> default [];",
    "declare lowest_id int64 default null;",
    "declare highest_id int64 default null;",
  ])}

  -- Only rows of one file that have one ${key} are compared by their content: it is built for no other row.
  create temp table arrived as
  select * except (reason, payload, in_file)
  from (
    select *, count(*) over (partition by ${key}, SYS_FILE_NAME) as in_file
    from typed_rows
    where reason is null
  ) as version
  qualify ${versions.newest(key, [versions.contentIf("version.in_file > 1", "version", content)])};

  set lowest_id = (select min(${key}) from arrived);
  set highest_id = (select max(${key}) from arrived);

  ${locks.begin(context)}

  ${arrivals.storeRejects(context, { rejects })}

  ${later ? `
  -- Everything that arrived was rejected.
  if lowest_id is null then
    ${checkpoints.save(context)}
    commit transaction;
    return;
  end if;` : `
  -- Days of which raw has lost all rows: the tables that follow this one write them again, too.
  set old_days = array(select distinct day from ${days} where id between ${LOWEST_ID} and ${HIGHEST_ID});
  ${checkpoints.noteDays(context, "old_days")}
  delete from ${days} where id between ${LOWEST_ID} and ${HIGHEST_ID};`}
  ${later ? storeDays : `
  if lowest_id is not null then ${storeDays}
  end if;
  commit transaction;`}

  set days = array(
    select distinct day
    from ${days}
    where id between ${later ? "lowest_id and highest_id" : `${LOWEST_ID} and ${HIGHEST_ID}`}
      and id in (select ${key} from arrived)
    ${later ? "" : "union distinct select day from unnest(old_days) as day"}
  );
  if ${isSliced} then
    set first_day = (
      select min(day) from (select day from unnest(days) as day order by day desc limit ${bounds.DAYS_PER_STATEMENT})
    );
  end if;
  ${later ? deleteOlderInSlices : `if ${isSliced} then
    ${checkpoints.requestAll(context)}
  end if;`}`;

  const isNew = later ? `${key} not in (select ${key} from ${table} where ${inDays})` : "true";
  const rows = `(select * from arrived where date(${time}) >= first_day and ${isNew})`;
  const row = [key, ...facts, "SYS_DATE_CREATE", "SYS_FILE_NAME"].join(", ");
  const insertOlderDays = inSpans(
    (where) => `insert into ${table} (${row}) select ${row} from arrived where ${where} and ${isNew};`,
  );

  const commit = `
  ${insertOlderDays}

  ${checks.unique(
    table,
    place,
    key,
    Object.keys(columns).filter((column) => columns[column].required && column !== key),
    later ? inDays : `${time} between ${columns[time].range.from} and ${columns[time].range.until}`,
  )}
  ${later ? "" : checks.declareKey(table, key)}
  ${later ? "" : `if ${isSliced} then
    ${checkpoints.withdrawRequest(context)}
  end if;`}
  ${checkpoints.save(context, "days")}
  ${later ? "commit transaction;" : checkpoints.readOthersAgain(context)}`;

  return { begin, rows, commit };
};

module.exports = { model };
