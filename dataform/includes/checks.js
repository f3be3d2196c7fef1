// Assertions inside the script that wrote the rows: on what it touched, whatever partitions those are, and
// before its transaction commits. A check that fails takes the rows back and stops what stands behind.

const raise = (condition, sentence) =>
  `if ${condition} then
    raise using message = '${sentence}';
  end if;`;

const unique = (table, name, key, where) =>
  raise(
    `exists(select ${key} from ${table} where ${where} group by ${key} having count(*) > 1)`,
    `${name}: two rows have one ${key}`,
  );

const given = (table, name, columns, where) =>
  raise(
    `exists(select 1 from ${table} where ${where} and (${columns.map((column) => `${column} is null`).join(" or ")}))`,
    `${name}: one of ${columns.join(", ")} is null`,
  );

const equal = (left, right, sentence) => raise(`(${left}) != (${right})`, sentence);

module.exports = { unique, given, equal };
