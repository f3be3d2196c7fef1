// Types of columns whose raw form is text. A type has `parse`: SQL that is NULL where the text is not of the type, and
// `label`: the end of the reason why such a row is rejected. Stricter than SAFE_CAST, which reads '0x1F' as a number.

const present = (value) => `nullif(trim(${value}), '')`;

const matching = (value, pattern, result = value) => `if(regexp_contains(${value}, r'${pattern}'), ${result}, null)`;

const asReceived = { parse: (value) => value };

const text = { parse: present };

const integer = {
  parse: (value) => `safe_cast(${matching(value, "^\\s*-?[0-9]+\\s*$", `trim(${value})`)} as int64)`,
  label: "a whole number",
};

const decimal = {
  parse: (value) =>
    `safe_cast(${matching(value, "^\\s*-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?\\s*$", `trim(${value})`)} as numeric)`,
  label: "a number",
};

const date = { parse: (value) => `safe.parse_date('%Y-%m-%d', ${value})`, label: "a date" };

// The range keeps a mistyped year from creating a partition of its own.
const timestamp = {
  parse: (value) => `safe_cast(${matching(value, "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")} as timestamp)`,
  label: "a time",
  range: { from: "timestamp '1990-01-01'", until: "timestamp '2099-12-31 23:59:59.999999'", label: "1990 to 2099" },
};

const required = (type) => ({ ...type, required: true });

// An array of structs, one element a `key`: rejected when it is empty, when a key is missing or occurs twice, or when
// an element's column is not of its type.
const lines = (key, columns) => ({ lines: { key, columns } });

// [condition, reason] pairs: why a row whose column `name` has this `type` is rejected.
const rejections = (name, type) => {
  const value = `source.${name}`;
  if (type.lines) return lineRejections(name, type.lines);
  const pairs = [];
  if (type.required) pairs.push([`${present(value)} is null`, `${name} is missing`]);
  if (type.label) pairs.push([`${present(value)} is not null and ${type.parse(value)} is null`, `${name} is not ${type.label}`]);
  if (type.range) {
    const { from, until, label } = type.range;
    pairs.push([`not ${type.parse(value)} between ${from} and ${until}`, `${name} is outside ${label}`]);
  }
  return pairs;
};

const article = (word) => (/^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`);

const lineRejections = (name, { key, columns }) => [
  [`ifnull(array_length(source.${name}), 0) = 0`, `${name} are missing`],
  [`source.${name}_lines.without_${key} > 0`, `a line has no ${key}`],
  [`source.${name}_lines.with_key > source.${name}_lines.keys`, `two lines have one ${key}`],
  ...Object.entries(columns)
    .filter(([, type]) => type.label)
    .map(([column, type]) => [`source.${name}_lines.without_${column} > 0`, `${article(column)} is not ${type.label}`]),
];

// Evaluated once a row, below the SELECT that reads its parts: the typed lines, and how many lack a column.
const typedLines = (name, { key, columns }) => {
  const fields = Object.keys(columns);
  return `(
        select as struct
          array_agg(struct(${fields.map((field) => `line.${field} as ${field}`).join(", ")}) order by line.place) as typed,
          ${fields.map((field) => `countif(line.${field} is null) as without_${field}`).join(",\n          ")},
          count(line.${key}) as with_key,
          count(distinct line.${key}) as keys
        from (
          select
            ${fields.map((field) => `${columns[field].parse(`item.${field}`)} as ${field}`).join(",\n            ")},
            place
          from unnest(${name}) as item with offset as place
        ) as line
      ) as ${name}_lines`;
};

// A SELECT of the typed columns, `reason` (NULL for a valid row), `payload` (the raw row of a rejected one as JSON) and
// `lineage` (columns that pass through). `from` is the FROM and WHERE of the raw rows to type; `more` are further
// [condition, reason] pairs, on the raw row `source`.
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

module.exports = { asReceived, text, integer, decimal, date, timestamp, required, lines, select };
