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

// `count` of the day `checked_day`, as a multiple of the median of that weekday in the eight weeks before; NULL without
// any. `table` has one row a day.
const volume = (table, { day, count }, limits) =>
  result(
    table, count, "volume", limits,
    `safe_divide(
      ifnull((select sum(${count}) from ${table} where ${day} = checked_day), 0),
      (select approx_quantiles(${count}, 2)[safe_offset(1)] from ${table}
        where ${day} between date_sub(checked_day, interval 56 day) and date_sub(checked_day, interval 1 day)
          and extract(dayofweek from ${day}) = extract(dayofweek from checked_day))
    )`,
    "(select 1)",
  );

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
