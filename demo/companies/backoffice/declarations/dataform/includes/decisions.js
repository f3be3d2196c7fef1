// The newest reading of the desk's spreadsheet: typed rows, and the reasons why the others are rejected.

const lists = require("includes/lists");
const names = require("includes/names");
const types = require("includes/types");

const columns = {
  request: types.required(types.text),
  decision: types.text,
  approved: types.price,
  comment: types.text,
};

const typed = (context) => {
  const raw = context.ref("raw", "decisions");
  const run = names.runOfFile("SYS_FILE_NAME");
  const newest = `from (
    select distinct request, nullif(lower(trim(decision)), '') as decision, approved, comment, SYS_FILE_NAME
    from ${raw}
    join (
      select max(${run}) as name
      from ${raw}
      where ${run} not in (${lists.incompleteRuns(context)})
    ) as newest on newest.name = ${run}
  )`;
  return `(${types.select(columns, ["SYS_FILE_NAME"], newest, [
    ["count(*) over (partition by trim(source.request)) > 1", "request is there more than once"],
    ["source.decision not in ('yes', 'no')", "decision is neither yes nor no"],
  ])})`;
};

module.exports = { typed };
