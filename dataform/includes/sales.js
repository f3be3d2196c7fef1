// What several tables say about sales.

// ods.sales wants a partition filter; a full refresh gives it the whole range that a sale can have.
const FIRST = "timestamp '1990-01-01'";
const LAST = "timestamp '2099-12-31 23:59:59.999999'";

// What tells two versions of a sale apart.
const FACTS = ["customer_id", "store_id", "datetime", "items"];

// The sales that a run reads: those of the days it has to write, or all.
const read = (column, isIncremental) =>
  isIncremental ? `date(${column}) in unnest(days)` : `${column} between ${FIRST} and ${LAST}`;

const lineId = (sale, product) => `concat(cast(${sale} as string), '-', ${product})`;

// What no list ever named, of a line left-joined to products and customers; NULL when both are known.
const unknown = (product, customer) =>
  `case
    when ${product} is null and ${customer} is null then 'product and customer'
    when ${product} is null then 'product'
    when ${customer} is null then 'customer'
  end`;

module.exports = { FIRST, LAST, FACTS, read, lineId, unknown };
