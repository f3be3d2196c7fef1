// Assertions inside the script that wrote the rows: on the partitions that it touched, whatever their age, and
// before its transaction commits. A check that fails takes the rows back and stops what stands behind.

const raise = (condition, sentence) =>
  `if ${condition} then
    raise using message = '${sentence}';
  end if;`;

// One row a key, and nothing missing that the contract promises.
const sound = (table, name, key, given, where = "true") =>
  raise(
    `exists(
    select 1
    from ${table}
    where ${where}
    group by ${key}
    having count(*) > 1 or countif(${[key, ...given].map((column) => `${column} is null`).join(" or ")}) > 0
  )`,
    `${name}: two rows have one ${key}, or one of ${[key, ...given].join(", ")} is null`,
  );

const equal = (left, right, sentence) => raise(`(${left}) != (${right})`, sentence);

module.exports = { sound, equal };
