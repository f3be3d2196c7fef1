// Checks of what is usual, as rows of ops.quality_results. What is impossible is a reject (bounds.js) or stops the script
// that wrote it (checks.js); a check here measures, and its limits decide between ok, warn and fail.

const checkpoints = require("includes/checkpoints");
const names = require("includes/names");
const options = require("includes/options");

const LIMITS = ["warn_above", "fail_above", "warn_below", "fail_below"];

// A check without a limit would measure and never warn. `bounds` are options of the rule.
const checkLimits = (place, limits, bounds) => {
  options.check(place, limits, bounds, LIMITS);
  if (!LIMITS.some((limit) => limits[limit] !== undefined)) throw new Error(`${place} needs a limit: one of ${LIMITS.join(", ")}.`);
};

const result = (table, column, rule, limits, measured, from, bounds = []) => {
  const name = names.ofTable(table);
  checkLimits(`${rule} of ${column ? `${name}.${column}` : name}`, limits, bounds);
  return `
  select
    '${name}' as table_name,
    ${column ? `'${column}'` : "cast(null as string)"} as column_name,
    '${rule}' as rule,
    cast(${measured} as numeric) as measured,
    ${LIMITS.map((limit) => `cast(${limits[limit] === undefined ? "null" : limits[limit]} as numeric) as ${limit}`).join(",\n    ")}
  from ${from}`;
};

const share = (condition) => `safe_divide(countif(${condition}), count(*))`;

// `usual` is { column: rules } as in columns.js; `where` filters the partitions.
const ofColumns = (table, usual, where) =>
  Object.entries(usual).flatMap(([column, rules]) => {
    const { range, missing } = options.check(`usual.${column}`, rules, [], ["range", "missing"]);
    const measure = (rule, limits, condition, bounds) =>
      limits ? [result(table, column, rule, limits, share(condition), `${table} where ${where}`, bounds)] : [];
    return [
      ...measure("range", range, range && `${column} < ${range.from} or ${column} > ${range.until}`, ["from", "until"]),
      ...measure("missing", missing, `${column} is null`, []),
    ];
  });

// `count` of the day `checked_day`, as a multiple of the median of that weekday in the eight weeks before. A day without
// a row counts as 0 from the first day of these weeks that has one, so that a weekday on which the shop is usually closed
// has no usual number. NULL without any, and on a day of `closed`: MM-DD of every year, or YYYY-MM-DD. `table` has one row
// a day.
const volume = (table, counted, limits) => {
  const place = `volume of ${names.ofTable(table)}`;
  const { day, count, closed = [] } = options.check(place, counted, ["day", "count"], ["closed"]);
  checkDays(place, closed);
  const before = "date_sub(checked_day, interval 56 day)";
  return result(
    table, count, "volume", limits,
    `if(${isClosed("checked_day", closed)}, null, safe_divide(
      ifnull((select sum(${count}) from ${table} where ${day} = checked_day), 0),
      (select array_agg(ifnull(stored.${count}, 0) order by stored.${count})[safe_offset(div(count(*) - 1, 2))]
        from unnest(generate_date_array(${before}, date_sub(checked_day, interval 7 day), interval 7 day)) as usual_day
        left join ${table} as stored on stored.${day} = usual_day
        where not ${isClosed("usual_day", closed)} and usual_day >= (
          select min(${day}) from ${table} where ${day} between ${before} and date_sub(checked_day, interval 1 day)
        ))
    ))`,
    "(select 1)",
  );
};

const isClosed = (day, closed) => {
  const texts = closed.map((one) => `'${one}'`).join(", ");
  return closed.length ? `(cast(${day} as string) in (${texts}) or format_date('%m-%d', ${day}) in (${texts}))` : "(false)";
};

// A leap year accepts 29 February of every year.
const checkDays = (place, closed) => {
  const isDay = (text) => {
    const full = /^[0-9]{2}-[0-9]{2}$/.test(text) ? `2000-${text}` : text;
    return /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(full) && new Date(full).toJSON() === `${full}T00:00:00.000Z`;
  };
  const invalid = closed.filter((text) => !isDay(text));
  if (invalid.length) {
    throw new Error(`${place}: invalid day '${invalid[0]}' in 'closed': expected MM-DD or YYYY-MM-DD, for example '12-25'.`);
  }
};

// Hours since the newest load that the table of ods holds.
const age = (context, table, limits) =>
  result(
    table, "", "age", limits,
    "round(timestamp_diff(current_timestamp(), max(seen_until), minute) / 60, 2)",
    `${context.ref("ods", "checkpoints")} where table_name = '${names.ofTable(table)}' and written_at >= ${checkpoints.LOOKBACK}
      and seen_until > ${checkpoints.NEVER} and ${checkpoints.isPast}`,
  );

// `unread` is a SELECT of files with raw_rows and read_rows (assertions.js).
const unread = (table, unreadRows, limits) =>
  result(table, "", "raw_rows", limits, "ifnull(sum(abs(raw_rows - read_rows)), 0)", `(${unreadRows})
    where table_name = '${names.ofTable(table)}'`);

const level = `case
    when measured > fail_above or measured < fail_below then 'fail'
    when measured > warn_above or measured < warn_below then 'warn'
    else 'ok'
  end`;

module.exports = { LIMITS, ofColumns, volume, age, unread, level };
