// Checks inside the script that wrote the rows: on the partitions that it wrote, whatever their age, and before its
// transaction commits. A check that fails rolls the rows back, keeps the watermark and fails the action, so that the
// tables that depend on it do not run. BigQuery enforces no constraint by itself.

const raise = (condition, message) =>
  `if ${condition} then
    raise using message = '${message}';
  end if;`;

// `key` is a column or an array of columns.
const unique = (table, name, key, required, where) => {
  const keys = [].concat(key).join(", ");
  const columns = [...new Set([].concat(key, required))];
  return raise(
    `exists(
    select 1
    from ${table}
    where ${where}
    group by ${keys}
    having count(*) > 1 or countif(${columns.map((column) => `${column} is null`).join(" or ")}) > 0
  )`,
    `${name}: two rows have one ${keys}, or one of ${columns.join(", ")} is null`,
  );
};

const equal = (left, right, message) => raise(`(${left}) != (${right})`, message);

// The planner uses the key for joins without enforcing it, so it is declared only where `unique` checks it
// (docs/adr/0007). Once, when the table is created; scripts.release declares one that is missing, perhaps meanwhile.
const declareKey = (table, key) =>
  `alter table ${table} drop primary key if exists;
  alter table ${table} add primary key (${[].concat(key).join(", ")}) not enforced;`;

module.exports = { unique, equal, declareKey };
