// Descriptions of columns that several tables have, written once. `pick` and `prefixed` select from them.

const lineage = {
  SYS_DATE_CREATE: "When the version of the row that won was loaded into raw, by the warehouse's clock; the first time, if its file was loaded again.",
  SYS_FILE_NAME: "Base name of the landing file that contained the version of the row that won. The greatest name is the newest version.",
};

const is_listed = "True if the newest complete list of the source contains it, or a later list; a row that left the list stays, false.";

const product = {
  product_sku: "The product's number at the source. Key.",
  description: "Department, category, type and size of the product, as the source writes it.",
  supplier: "The manufacturer's number at the source.",
  unit_amount: "The usual shelf price of one unit in US dollars before discounts; NULL for a product that was never sold.",
  is_listed,
};

const customer = {
  id: "The household's number at the source. Key.",
  name: "The customer's name. Personal data.",
  email: "The customer's mail address. Personal data; must not leave ods.",
  phone: "The customer's telephone number. Personal data; must not leave ods.",
  age: "Age group, such as 65+; NULL when unknown.",
  income: "Yearly household income group in US dollars, such as 35-49K; NULL when unknown.",
  household_size: "Number of people in the household, such as 2 or 5+; NULL when unknown.",
  is_listed,
};

const line = {
  id: "The line: sale and product, as 17-1095275. Key.",
  sales_id: "The sale; refers to ods.sales.id.",
  product_sku: "The product of the line; refers to ods.products.product_sku.",
  customer_id: "The household that bought; refers to ods.customers.id.",
  quantity: "Units sold in the line, a fraction for weighed goods, negative for a return; 0 for coupons and corrections.",
  amount: "What was paid for the whole line in US dollars, discounts deducted.",
};

const item = {
  ...pick(line, "id sales_id product_sku customer_id"),
  item_quantity: line.quantity,
  item_amount: line.amount,
  discount_perc: "Per cent that was paid less than the usual shelf price, 0 to 100 with two decimals; NULL when no unit was sold, the product has no price, or money was paid back for units that were sold.",
  product_description: product.description,
  sales_datetime: "When the sale took place, UTC.",
};

// What is usual in these columns, as shares of the rows of a run's days: ops.quality_results has what was measured.
// Values that cannot be are rejects (bounds.js).
const usual = {
  item_quantity: { range: { from: -100, until: 1000, warn_above: 0.01, fail_above: 0.5 } },
  item_amount: { range: { from: -1000, until: 10000, warn_above: 0.01, fail_above: 0.5 } },
  discount_perc: { missing: { warn_above: 0.5 }, range: { from: 0, until: 90, warn_above: 0.2 } },
  product_description: { missing: { warn_above: 0.05 } },
};

function pick(texts, names) {
  return Object.fromEntries(names.split(" ").map((name) => [name, texts[name]]));
}

const prefixed = (prefix, texts) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [`${prefix}_${name}`, text]));

module.exports = { lineage, product, customer, line, item, usual, pick, prefixed };
