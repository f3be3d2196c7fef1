// What names state: the table behind a reference, and the run behind a landing file.

// `dataset.table` of what ref() or self() returns. Models take the names of tables from here and never write them as
// text: a misspelt ref() fails at compile time, a misspelt text would silently match no checkpoint.
// Without the suffix of a developer's datasets (scripts/develop), so that cloned checkpoints are found by their names.
const ofTable = (address) => {
  const [dataset, table] = address.replace(/`/g, "").split(".").slice(-2);
  const suffix = dataform.projectConfig.schemaSuffix;
  return `${suffix && dataset.endsWith(`_${suffix}`) ? dataset.slice(0, -suffix.length - 1) : dataset}.${table}`;
};

// Landing files are named {endpoint}_{YYYYMMDD_HHmm}_{uuid}.json (docs/adr/0001). Names of one run share everything
// before the last twenty digits of the uuid, and sort by the start of the run.
const runOfFile = (file) => `regexp_replace(${file}, r'-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\.json$', '')`;

// The minute in which a run began.
const timeOfRun = (run) =>
  `ifnull(safe.parse_timestamp('%Y%m%d_%H%M', regexp_extract(${run}, r'_([0-9]{8}_[0-9]{4})_')), timestamp '1970-01-02')`;

const dayOfFile = (file) =>
  `ifnull(safe.parse_date('%Y%m%d', regexp_extract(${file}, r'_([0-9]{8})_[0-9]{4}_')), date '1970-01-01')`;

module.exports = { ofTable, runOfFile, timeOfRun, dayOfFile };
