// Tables that the scripts of other tables fill: created once and never rebuilt by Dataform. Actions of type
// `operations` have no settings for partitions and labels, so the DDL states everything. Columns: [type, description].

const columns = require("includes/columns");

const checkpoints = {
  description:
    "How far each incremental table has read, and which days of sales it changed. One row a finished run; the last one written counts. To let a table read raw again from a moment, use python -m scripts.refresh.",
  columns: {
    table_name: ["string not null", "The table that read, as dataset.table."],
    touched_days: ["array<date>", "Days of sales, UTC, whose rows the run may have changed; the tables that follow it write them again."],
    seen_until: ["timestamp not null", "Newest load of raw that the table holds; for the tables after ods.sales the time of the run."],
    written_at: ["timestamp not null", "When the run wrote this row, in one transaction with its rows."],
  },
  partition: "date(written_at)",
  cluster: "table_name",
  options: ["partition_expiration_days = 100"],
};

const fileReads = {
  description:
    "How many rows of a landing file a table of ods has read. One row a table, file, load and run; the last one written counts. The assertion raw_rows compares it with raw.",
  columns: {
    table_name: ["string not null", "The table that read, as dataset.table."],
    read_rows: ["int64", "Rows of the file that the run read."],
    rejected_rows: ["int64", "Those of them that were rejected; the others are in the table, or a newer version is."],
    written_at: ["timestamp not null", "When the run wrote this row, in one transaction with its rows."],
    SYS_DATE_CREATE: ["timestamp", "When the rows were loaded into raw."],
    SYS_FILE_NAME: ["string", "Base name of the landing file."],
  },
  partition: "date(SYS_DATE_CREATE)",
  cluster: "table_name",
  options: ["partition_expiration_days = 100"],
};

const salesDays = {
  description:
    "A day that some version of a sale names: where its row in ods.sales can be. One row a sale and day; nearly always one day a sale. It finds a sale that moved to another day without reading all days.",
  columns: {
    id: ["int64", "The sale's number at the source."],
    day: ["date", "A day, UTC, that a version of the sale names."],
  },
  // A quarter of a million sales a partition; the last partition takes all sales after 900 million. Together fewer than the
  // 4,000 partitions that one statement may write, however the numbers of the sales are distributed.
  partition: "range_bucket(id, generate_array(0, 900000000, 250000))",
  cluster: "id",
};

const rejects = (subject) => ({
  description: `A ${subject} that cannot be typed. One row a file and payload, however often the file is loaded.`,
  columns: {
    reason: ["string", "Why the row cannot be typed: every reason, separated by '; '."],
    payload: ["string", "The row of raw as JSON text, without the SYS columns."],
    file_day: ["date", "Day on which the run that wrote the file began, from the file's name; 1970-01-01 when the name has no day."],
    SYS_DATE_CREATE: ["timestamp", "When the row was loaded into raw, by the warehouse's clock; the first time, if its file was loaded again."],
    SYS_FILE_NAME: ["string", "Base name of the landing file that contained the row."],
  },
  // By month: eleven years of days are more partitions than one statement may write.
  partition: "date_trunc(file_day, month)",
});

// The facts of a list, by the subject of a row; `key` clusters the table.
const LISTS = {
  product: { key: "product_sku", facts: "product_sku description supplier unit_amount", types: { unit_amount: "numeric" } },
  customer: { key: "id", facts: "id name email phone age income household_size", types: { id: "int64" } },
};

const changes = (subject) => {
  const { key, facts, types } = LISTS[subject];
  return {
    description: `A state of a ${subject} that a full list of the source showed first. One row a ${subject} and list; lists that show nothing new leave no row. Read it by the view of its history.`,
    columns: {
      ...Object.fromEntries(facts.split(" ").map((fact) => [fact, [types[fact] || "string", columns[subject][fact].replace(" Key.", "")]])),
      is_listed: ["bool", "False while complete lists of the source do not contain it."],
      change: ["string", "What began the state: new, changed, removed (from the list) or returned."],
      valid_from: ["timestamp", "When the copy of that list began, UTC."],
      list_name: ["string", "What the names of the files of that list begin with; greater names are later lists."],
    },
    cluster: key,
  };
};

const texts = ({ columns }) =>
  Object.fromEntries(Object.entries(columns).map(([column, [, description]]) => [column, description]));

const create = (table, { description, columns, partition, cluster, options = [] }) =>
  `create table if not exists ${table} (
  ${Object.entries(columns)
    .map(([column, [type, text]]) => `${column} ${type} options(description = "${text}")`)
    .join(",\n  ")}
)
${partition ? `partition by ${partition}` : ""}
${cluster ? `cluster by ${cluster}` : ""}
options(
  ${[`description = "${description}"`, ...(partition ? ["require_partition_filter = true"] : []), ...options, 'labels = [("layer", "ods")]'].join(",\n  ")}
)`;

module.exports = { checkpoints, fileReads, salesDays, rejects, changes, texts, create };
