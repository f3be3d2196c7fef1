// The newest reading of the desk's spreadsheet: typed rows, and the reasons why the others are rejected.

const types = require("includes/types");

const columns = {
  request: types.required(types.text),
  decision: types.text,
  approved: types.price,
  comment: types.text,
};

const typed = (raw) => {
  const newest = `from (
    select distinct request, nullif(lower(trim(decision)), '') as decision, approved, comment, SYS_FILE_NAME
    from ${raw}
    where SYS_FILE_NAME = (select max(SYS_FILE_NAME) from ${raw})
  )`;
  return `(${types.select(columns, ["SYS_FILE_NAME"], newest, [
    ["count(*) over (partition by trim(source.request)) > 1", "request is there more than once"],
    ["source.decision not in ('yes', 'no')", "decision is neither yes nor no"],
  ])})`;
};

module.exports = { typed };
