// What several models state about the lines of sales.

const checks = require("includes/checks");
const names = require("includes/names");

const lineId = (sale, product) => `concat(cast(${sale} as string), '-', ${product})`;

// One row a line of `sales`, whose `where` selects the days.
const lines = (sales, where) => `(
  select
    sale.id as sales_id,
    sale.customer_id as customer_id,
    sale.datetime as datetime,
    item.product_sku as product_sku,
    item.quantity as quantity,
    item.amount as amount
  from ${sales} as sale, unnest(sale.items) as item
  where ${where("sale.datetime")}
)`;

// A line whose price, units and payment compare: not a refund of units that were sold, and not a negative price.
const comparable = (quantity, amount, price) => `${price} >= 0 and sign(${quantity}) * sign(${amount}) >= 0`;

// 0 to 100, NULL for a line that is not comparable, or has no units or no price.
const discountPerc = (quantity, amount, price) =>
  `if(
    ${comparable(quantity, amount, price)},
    greatest(round(100 * safe_divide(${quantity} * ${price} - ${amount}, ${quantity} * ${price}), 2), 0),
    null
  )`;

// Of units that were sold: a return for more than the shelf price and money paid back without units give no discount.
const discountAmount = (quantity, amount, price) =>
  `if(${price} >= 0 and ${quantity} > 0 and ${amount} >= 0, greatest(${quantity} * ${price} - ${amount}, 0), 0)`;

// Why a line, left-joined to products and customers, is an orphan; NULL when both are known.
const unknown = (product, customer) =>
  `case
    when ${product} is null and ${customer} is null then 'product and customer'
    when ${product} is null then 'product'
    when ${customer} is null then 'customer'
  end`;

// Each line of ods.sales is either known or an orphan, on the days of this run.
const noLineIsLost = ({ ref, self }, inDays) =>
  checks.equal(
    `select ifnull(sum(array_length(items)), 0) from ${ref("ods", "sales")} where ${inDays("datetime")}`,
    `select count(*) from (
      select id from ${self()} where ${inDays("sales_datetime")}
      union all
      select id from ${ref("ods", "sales_orphans")} where ${inDays("datetime")}
    )`,
    `${names.ofTable(self())}: lines and orphans are not the lines of ods.sales`,
  );

module.exports = { lineId, lines, discountPerc, discountAmount, unknown, noLineIsLost };
