// Which of several versions of one thing is the newest: the greatest file name; within one file, and whatever the
// order of loading, the greatest content; of the same row loaded twice the first. A total order, so that the winner
// never depends on what is compared with what, or when.

const json = (row, columns) =>
  `to_json_string(struct(${columns.map((column) => `${row}.${column} as ${column}`).join(", ")}))`;

// What orders the versions of one file, as text; `columns` are types by column. Not the JSON of the columns: engines write
// NUMERIC and TIMESTAMP differently in it, so that 9.5 would be greater than 2 in one of them only. NULL is the least.
const content = (row, columns) => contentOf(columns, (column) => `${row}.${column}`);

// The content of the rows for which `condition` is true; NULL for others, whose lines are not read either.
const contentIf = (condition, row, columns) =>
  `if(${condition}, ${contentOf(columns, (column) => `if(${condition}, ${row}.${column}, null)`)}, null)`;

const contentOf = (columns, value) =>
  `to_json_string(struct(${Object.entries(columns)
    .map(([column, { lines }]) => (lines ? textOfLines(value(column), lines) : textOf(value(column))))
    .join(", ")}))`;

const textOf = (value) => `ifnull(concat('=', cast(${value} as string)), '')`;

const textOfLines = (value, { columns }) =>
  `(
      select ifnull(string_agg(concat(${Object.keys(columns).map((column) => textOf(`line.${column}`)).join(", ")}), '\\n' order by place), '')
      from unnest(${value}) as line with offset as place
    )`;

// `tieBreakers` are expressions that distinguish the rows of one file; `first` are columns that order the versions before
// the names of their files do.
const newest = (key, tieBreakers, first = []) =>
  `row_number() over (
    partition by ${key}
    order by ${first.map((column) => `${column} desc, `).join("")}SYS_FILE_NAME desc, ${tieBreakers.map((expression) => `${expression} desc, `).join("")}SYS_DATE_CREATE
  ) = 1`;

const supersedes = (row, other, columns) =>
  `(${row}.SYS_FILE_NAME > ${other}.SYS_FILE_NAME
          or ${row}.SYS_FILE_NAME = ${other}.SYS_FILE_NAME and ${content(row, columns)} > ${content(other, columns)})`;

const differ = (row, other, columns) =>
  columns.map((column) => `${row}.${column} is distinct from ${other}.${column}`).join(" or ");

module.exports = { content, contentIf, json, newest, supersedes, differ };
