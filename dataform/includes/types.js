// Types of columns whose raw form is text. A type has `parse`: SQL that is NULL where the text is not of the type, and
// `label`: the end of the reason why such a row is rejected. Stricter than SAFE_CAST, which reads '0x1F' as a number.

const bounds = require("includes/bounds");

const present = (value) => `nullif(trim(${value}), '')`;

const matching = (value, pattern, result = value) => `if(regexp_contains(${value}, r'${pattern}'), ${result}, null)`;

const asReceived = { parse: (value) => value };

const text = { parse: present };

const integer = {
  parse: (value) => `safe_cast(${matching(value, "^\\s*-?[0-9]+\\s*$", `trim(${value})`)} as int64)`,
  label: "a whole number",
};

// Digits after the ninth are rounded: NUMERIC has nine. Engines disagree about exponents of more than three digits. Google's
// reads 15e-10 and 123456789e-10 as 0, so where an exponent is below -9, the point is moved before the cast: by the digits
// before the point, and at most ten behind, which decide on the ninth.
const SMALL = "[eE]-0*[1-9][0-9]";

const moved = (value) => {
  const digits = `regexp_extract(${value}, r'^-?([0-9]+)')`;
  const padded = `concat(repeat('0', safe_cast(regexp_extract(${value}, r'[eE]-([0-9]{1,3})$') as int64)), ${digits})`;
  return `concat(
    if(starts_with(${value}, '-'), '-', ''),
    substr(${padded}, 1, length(${digits})), '.', substr(${padded}, length(${digits}) + 1, 10)
  )`;
};

const decimal = {
  parse: (value) => {
    const trimmed = `trim(${value})`;
    const number = `if(regexp_contains(${value}, r'${SMALL}'), ${moved(trimmed)}, ${trimmed})`;
    return `safe_cast(${matching(value, "^\\s*-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]{1,3})?\\s*$", number)} as numeric)`;
  },
  label: "a number",
};

// Engines disagree about the year 0 and about times near the end of the year 9999.
const DAY = "[12][0-9]{3}-[0-9]{2}-[0-9]{2}";

const date = {
  parse: (value) => `safe_cast(${matching(value, `^\\s*${DAY}\\s*$`, `trim(${value})`)} as date)`,
  label: "a date",
  range: bounds.day,
  latest: bounds.latestDay,
};

const CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?";
// Times that ISO 8601 allows and that name a moment of the next day or minute. Only with a year that timestamp_add
// cannot carry beyond the range of TIMESTAMP.
const MIDNIGHT = "(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ]24:00(:00([.]0+)?)?";
const LEAP_SECOND = "(19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ]([01][0-9]|2[0-3]):59:60([.][0-9]+)?";
const OFFSET = "[+-]((0[0-9]|1[0-3])(:?[0-5][0-9])?|14(:?00)?)";
const ISO_TIME = `^(${DAY}[Tt ]${CLOCK}|${MIDNIGHT}|${LEAP_SECOND}) ?([Zz]|${OFFSET})?$`;

// ISO 8601; without an offset UTC. The text is taken apart and written in one canonical form before the cast, because
// engines disagree about seven digits of a second, 24:00, missing seconds and leap seconds, and DuckDB shifts the rows
// next to one that names a zone such as Europe/Paris. Digits after the sixth of a second are cut.
const parseTime = (value) => {
  const trimmed = `trim(${value})`;
  const part = (pattern, otherwise) => `ifnull(regexp_extract(${trimmed}, r'${pattern}'), '${otherwise}')`;
  const canonical = `concat(
    substr(${trimmed}, 1, 10), ' ',
    if(substr(${trimmed}, 12, 2) = '24', '00:00', substr(${trimmed}, 12, 5)),
    replace(${part("^.{16}(:[0-9]{2})", ":00")}, ':60', ':59'),
    ${part("([.][0-9]{1,6})", "")},
    ${part("[0-9] ?([+-][0-9]{2})(?::?[0-9]{2})?$", "+00")}, ':',
    ${part("[0-9] ?[+-][0-9]{2}:?([0-9]{2})$", "00")}
  )`;
  const carried = `case
    when substr(${trimmed}, 12, 2) = '24' then 86400
    when substr(${trimmed}, 17, 3) = ':60' then 1
    else 0
  end`;
  return `timestamp_add(safe_cast(${matching(trimmed, ISO_TIME, canonical)} as timestamp), interval ${carried} second)`;
};

const timestamp = { parse: parseTime, label: "a time", range: bounds.time, latest: bounds.latestTime };

const within = (type, range) => ({ ...type, range });

// Whole units; `integer` is for numbers that identify something and are never added.
const count = within(integer, bounds.quantity);

const quantity = within(decimal, bounds.quantity);

const amount = within(decimal, bounds.amount);

const price = within(decimal, bounds.price);

// `unless`, a condition on the raw row `source`, exempts rows from being required.
const required = (type, unless) => ({ ...type, required: true, ...(unless ? { unless } : {}) });

// An array of structs, one element a `key`: rejected when a key is missing or occurs twice, or when an element's column
// is not of its type or outside its range. An empty array is valid: a sale without lines is a void. A missing one is not.
const lines = (key, columns) => ({ lines: { key, columns } });

// [condition, reason] pairs: why a row whose column `name` has this `type` is rejected.
const rejections = (name, type) => {
  const value = `source.${name}`;
  if (type.lines) return lineRejections(name, type.lines);
  const pairs = [];
  const exempt = type.unless ? ` and not (${type.unless})` : "";
  if (type.required) pairs.push([`${present(value)} is null${exempt}`, `${name} is missing`]);
  if (type.label) pairs.push([`${present(value)} is not null and ${type.parse(value)} is null`, `${name} is not ${type.label}`]);
  if (type.range) {
    const { from, until, label } = type.range;
    pairs.push([`not ${type.parse(value)} between ${from} and ${until}`, `${name} is outside ${label}`]);
  }
  if (type.latest) {
    pairs.push([`${type.parse(value)} > ${type.latest.of("source.SYS_DATE_CREATE")}`, `${name} is ${type.latest.label}`]);
  }
  return pairs;
};

const article = (word) => (/^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`);

const lineRejections = (name, { key, columns }) => [
  // The connector writes one empty line where the source returned none (connector/extract/ndjson.py).
  [`source.${name}_lines.empty > 0`, `${name} are missing`],
  [`source.${name}_lines.without_${key} > 0`, `a line has no ${key}`],
  [`source.${name}_lines.with_key > source.${name}_lines.keys`, `two lines have one ${key}`],
  ...Object.entries(columns)
    .filter(([, type]) => type.label)
    .map(([column, type]) => [`source.${name}_lines.without_${column} > 0`, `${article(column)} is not ${type.label}`]),
  ...Object.entries(columns)
    .filter(([, type]) => type.range)
    .map(([column, type]) => [`source.${name}_lines.outside_${column} > 0`, `${article(column)} is outside ${type.range.label}`]),
];

// Evaluated once a row, below the SELECT that reads its parts: the typed lines, and how many lack a column or have a
// value outside its range.
const typedLines = (name, { key, columns }) => {
  const fields = Object.keys(columns);
  const ranged = fields.filter((field) => columns[field].range);
  return `(
        select as struct
          ifnull(array_agg(struct(${fields.map((field) => `line.${field} as ${field}`).join(", ")}) order by line.place), []) as typed,
          ${fields.map((field) => `countif(line.${field} is null) as without_${field}`).join(",\n          ")},
          ${ranged.map((field) => `countif(not line.${field} between ${columns[field].range.from} and ${columns[field].range.until}) as outside_${field},`).join("\n          ")}
          countif(line.is_empty) as empty,
          count(line.${key}) as with_key,
          count(distinct line.${key}) as keys
        from (
          select
            ${fields.map((field) => `${columns[field].parse(`item.${field}`)} as ${field}`).join(",\n            ")},
            ${fields.map((field) => `item.${field} is null`).join(" and ")} as is_empty,
            place
          from unnest(${name}) as item with offset as place
        ) as line
      ) as ${name}_lines`;
};

// A SELECT of the typed columns, `reason` (NULL for a valid row), `payload` (the raw row of a rejected one as JSON) and
// `lineage` (columns that pass through). `from` is the FROM and WHERE of the raw rows to type, with SYS_DATE_CREATE: days
// and times are compared with it. `more` are further [condition, reason] pairs, on the raw row `source`.
const select = (columns, lineage, from, more = []) => {
  const all = Object.entries(columns);
  const nested = all.filter(([, type]) => type.lines);
  const value = ([name, type]) => (type.lines ? `source.${name}_lines.typed` : type.parse(`source.${name}`));
  const pairs = [...all.flatMap(([name, type]) => rejections(name, type)), ...more];
  // The reason comes first, so that only the payloads of rejected rows are built.
  return `select
    ${all.map((column) => `${value(column)} as ${column[0]}`).join(",\n    ")},
    source.reason,
    if(
      source.reason is null,
      null,
      to_json_string(struct(${all.map(([name]) => `source.${name} as ${name}`).join(", ")}))
    ) as payload,
    ${lineage.map((column) => `source.${column}`).join(",\n    ")}
  from (
    select
      *,
      nullif(array_to_string([
        ${pairs.map(([condition, reason]) => `if(${condition}, '${reason}', null)`).join(",\n        ")}
      ], '; '), '') as reason
    from (
      select ${["*", ...nested.map(([name, type]) => typedLines(name, type.lines))].join(",\n      ")}
      ${from}
    ) as source
  ) as source`;
};

module.exports = {
  asReceived, text, integer, decimal, date, timestamp, within, count, quantity, amount, price, required, lines, select,
};
