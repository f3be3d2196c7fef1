// Two invocations at once, for example the pipeline's and one started in the console: both would insert the same new
// sales, because transactions that only append do not conflict. BigQuery cancels a transaction that changes rows of a
// table that a concurrent one changes (https://cloud.google.com/bigquery/docs/transactions#transaction_concurrency), so
// each transaction first updates the one row of its table's lock. The cancelled run starts again an hour later.
// Conflicts are between tables and not rows: one lock table for each, or actions of one invocation would conflict.

const names = require("includes/names");

const table = (context) =>
  context.ref("ods", "checkpoints").replace(/checkpoints(?=`?$)/, `lock_${names.ofTable(context.self()).replace(".", "_")}`);

// DDL is not allowed inside a transaction.
const begin = (context) =>
  `create table if not exists ${table(context)} as select current_timestamp() as locked_at;

  begin transaction;

  update ${table(context)} set locked_at = current_timestamp() where true;`;

module.exports = { begin };
