// Tables that are rewritten by whole days of sales: those behind ods.sales. A day is a function of the tables that the
// model reads, so the order and number of runs cannot matter (docs/adr/0003).
//
// `days` in SQL is the days that this run writes: those that the tables in `follows` changed since this table last
// ran; all days after a full refresh, or when the watermark has expired.

const checkpoints = require("includes/checkpoints");
const checks = require("includes/checks");
const names = require("includes/names");

// Every day that a sale can have (types.timestamp), for a table that requires a partition filter.
const everyDay = (day) => `${day} between date '1990-01-01' and date '2099-12-31'`;

// `follows`: the table, or tables, whose changed days this table writes again. `partition`: the expression of its own
// day, as in partitionBy. `key`, a column or an array, is unique; `required` columns are never NULL. `alsoDays`: { when, days }, a condition and a
// SELECT of more days. `verify`: a function of `inDays` that returns more checks.
const model = (context, { follows, partition, key, required = [], alsoDays = null, verify = () => "" }) => {
  const table = context.self();
  const name = names.ofTable(table);
  const later = context.incremental();
  // The filter of this run's days, on a timestamp or date of this table or of an input.
  const inDays = (column) => (later ? `date(${column}) in unnest(days)` : everyDay(`date(${column})`));
  const ownDays = later ? `${partition} in unnest(days)` : everyDay(partition);

  const begin = `
  ${checkpoints.declareSince(context)}
  declare until timestamp default current_timestamp();
  -- Reads no partition of ods.sales_days but the last, or all of them when this table starts from the beginning.
  declare first_id int64 default if(since = ${checkpoints.NEVER}, -9223372036854775808, 9223372036854775807);
  declare days array<date> default ifnull((
    select array_agg(distinct day)
    from (
      ${checkpoints.touchedDays(context, [].concat(follows))}
      union all
      select day from ${context.ref("ods", "sales_days")} where id >= first_id
    )
  ), []);
  ${later ? laterDays(context, alsoDays, table, partition) : ""}`;

  const commit = `
  ${checks.unique(table, name, key, required, ownDays)}
  ${later ? "" : checks.declareKey(table, key)}
  ${verify(inDays)}
  ${checkpoints.save(context, "days")}
  ${later ? "commit transaction;" : ""}`;

  return { begin, inDays, commit };
};

const laterDays = (context, alsoDays, table, partition) => `${alsoDays ? `
  if ${alsoDays.when} then
    set days = array(
      select day from unnest(days) as day
      union distinct
      select day from (${alsoDays.days})
    );
  end if;` : ""}

  -- Nothing to write; the checkpoint saves looking through the same days again.
  if array_length(days) = 0 then
    ${checkpoints.save(context)}
    return;
  end if;

  begin transaction;

  delete from ${table} where ${partition} in unnest(days);`;

module.exports = { model, everyDay };
