// Tables that the scripts of other tables fill: created once and never rebuilt by Dataform. Actions of type
// `operations` have no settings for partitions and labels, so the DDL states everything. Columns: [type, description].

const checkpoints = {
  description:
    "How far each incremental table has read, and which days of sales it changed. One row a finished run; the last one written counts. To let a table read again from a moment, insert a row with that moment.",
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

const salesDays = {
  description:
    "A day that some version of a sale names: where its row in ods.sales can be. One row a sale and day; nearly always one day a sale. It finds a sale that moved to another day without reading all days.",
  columns: {
    id: ["int64", "The sale's number at the source."],
    day: ["date", "A day, UTC, that a version of the sale names."],
  },
  // A hundred thousand sales a partition; the last partition takes all sales after a thousand million.
  partition: "range_bucket(id, generate_array(0, 900000000, 100000))",
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
  partition: "file_day",
});

const texts = ({ columns }) =>
  Object.fromEntries(Object.entries(columns).map(([column, [, description]]) => [column, description]));

const create = (table, { description, columns, partition, cluster, options = [] }) =>
  `create table if not exists ${table} (
  ${Object.entries(columns)
    .map(([column, [type, text]]) => `${column} ${type} options(description = "${text}")`)
    .join(",\n  ")}
)
partition by ${partition}
${cluster ? `cluster by ${cluster}` : ""}
options(
  ${[`description = "${description}"`, "require_partition_filter = true", ...options, 'labels = [("layer", "ods")]'].join(",\n  ")}
)`;

module.exports = { checkpoints, salesDays, rejects, texts, create };
