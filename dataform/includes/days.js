// Tables that are rewritten by whole days of sales: those behind ods.sales. A day is a function of the tables that the
// model reads, so the order and number of runs cannot matter (docs/adr/0003).
//
// `days` in SQL is the days that this run writes: those that the tables in `follows` changed since this table last
// wrote; all days after a full refresh, or when the watermark has expired.

const bounds = require("includes/bounds");
const business = require("includes/business");
const checkpoints = require("includes/checkpoints");
const checks = require("includes/checks");
const locks = require("includes/locks");
const names = require("includes/names");
const options = require("includes/options");

const LAST_DAY = "date '2100-01-01'";

// `follows`: the table, or tables, whose changed days this table writes again. `partition`: the expression of its own
// day, as in partitionBy. `key`, a column or an array, is unique; `required` columns are never NULL. `alsoDays`:
// { after, days }, tables without days and a SELECT of more days, which runs when one of them has changed. `verify`: a
// function of `inDays` that returns more checks. `businessDays`: the table's own days are those of the business time zone
// and not of UTC; `inDays` then takes a timestamp of an input.
const model = (context, declared) => {
  const table = context.self();
  const name = names.ofTable(table);
  const { follows, partition, key, required = [], businessDays = false, verify = () => "", alsoDays } =
    options.check(name, declared, ["follows", "partition", "key"], ["required", "businessDays", "verify", "alsoDays"]);
  const later = context.incremental();
  const lists = alsoDays ? alsoDays.after : [];
  const startsAgain = [`since = ${checkpoints.NEVER}`, ...(lists.length ? [checkpoints.anyRefreshed(lists)] : [])].join(" or ");
  // The filter of this run's days, on a timestamp or date of this table or of an input.
  const inDays = (column) => {
    // A range, because an empty array would fold to FALSE, without a filter of the partitions.
    if (!later) return `date(${column}) between first_day and ${LAST_DAY}`;
    if (!businessDays) return `date(${column}) in unnest(days)`;
    return `date(${column}) in unnest(utc_days) and ${business.dayOf(column)} in unnest(days)`;
  };
  const ownDays = later ? `${partition} in unnest(days)` : bounds.everyDay(partition);

  const begin = `
  ${checkpoints.declareSince(context)}
  declare until timestamp default current_timestamp();
  ${checkpoints.declareUnread(context, [].concat(follows), lists)}
  -- Reads no partition of ods.sales_days but the last, or all of them when this table starts from the beginning.
  declare first_id int64 default if(${startsAgain}, -9223372036854775808, 9223372036854775807);
  declare days array<date> default [];
  declare rest array<date> default [];
  declare first_day date default date '1989-12-31';
  ${businessDays ? "declare utc_days array<date> default [];" : ""}
  ${later ? `-- Nothing new: the table costs two look-ups.
  if array_length(unread) = 0 and since != ${checkpoints.NEVER} then return; end if;` : ""}

  set days = ifnull((
    select array_agg(distinct day)
    from (
      ${checkpoints.touchedDays(context)}
      union all
      select day from ${context.ref("ods", "sales_days")} where id >= first_id
    )
  ), []);
  ${later ? moreDays(declared) : ""}
  ${firstSlice}
  ${later ? laterDays(context, declared) : checkpoints.saveRest(context)}`;

  const commit = `
  ${checks.unique(table, name, key, required, ownDays)}
  ${later ? "" : checks.declareKey(table, key)}
  ${verify(inDays)}
  ${checkpoints.save(context, "days")}
  ${later ? `${checkpoints.saveRest(context)}
  commit transaction;` : checkpoints.writeOthersAgain(context)}`;

  return { begin, inDays, commit };
};

// More days than BigQuery writes in one statement: the newest now, and the rest in the next runs. A full refresh notes the
// rest before it replaces the table: one that is stopped afterwards would leave the table without it.
const firstSlice = `
  if array_length(days) > ${bounds.DAYS_PER_STATEMENT} then
    set first_day = (
      select min(day) from (select day from unnest(days) as day order by day desc limit ${bounds.DAYS_PER_STATEMENT})
    );
    set rest = array(select day from unnest(days) as day where day < first_day);
    set days = array(select day from unnest(days) as day where day >= first_day);
  end if;`;

const moreDays = ({ alsoDays }) => (alsoDays ? `
  if ${checkpoints.anyUnread(alsoDays.after)} then
    set days = array(
      select day from unnest(days) as day
      union distinct
      select day from (${alsoDays.days})
    );
  end if;` : "");

const laterDays = (context, { partition, businessDays }) => `${businessDays ? `
  set days = array(${business.localDays("days")});
  set utc_days = array(${business.utcDays("days")});` : ""}

  -- Nothing to write; the checkpoint saves looking through the same days again.
  if array_length(days) = 0 then
    ${checkpoints.save(context)}
    return;
  end if;

  ${locks.begin(context)}

  delete from ${context.self()} where ${partition} in unnest(days);`;

module.exports = { model };
