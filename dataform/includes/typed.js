// Rows of raw that are new to this run, typed, or with the reasons why they cannot be. What is new is told before
// anything is typed, so that a run types its own rows and not history.

const progress = require("includes/progress");
const { FIRST, LAST } = require("includes/sales");
const text = require("includes/text");
const versions = require("includes/versions");

// A version of a sale, with its lines.
const sales = (raw) => `(
  select
    -- ids
    ${text.whole("id")} as id,
    ${text.whole("customer_id")} as customer_id,
    ${text.whole("store_id")} as store_id,

    -- lines
    lines.items,

    -- times
    ${text.moment("datetime")} as datetime,

    -- verdict
    ${text.reasons([
      [`${text.given("id")} is null`, "id is missing"],
      [text.not(text.whole, "id"), "id is not a whole number"],
      [`${text.given("customer_id")} is null`, "customer_id is missing"],
      [text.not(text.whole, "customer_id"), "customer_id is not a whole number"],
      [`${text.given("store_id")} is null`, "store_id is missing"],
      [text.not(text.whole, "store_id"), "store_id is not a whole number"],
      [`${text.given("datetime")} is null`, "datetime is missing"],
      [text.not(text.moment, "datetime"), "datetime is not a time"],
      [`not ${text.moment("datetime")} between ${FIRST} and ${LAST}`, "datetime is outside 1990 to 2099"],
      [`ifnull(array_length(source.items), 0) = 0`, "items are missing"],
      [`lines.without_product > 0`, "a line has no product_sku"],
      [`lines.with_product > lines.products`, "two lines have one product_sku"],
      [`lines.without_quantity > 0`, "a quantity is not a whole number"],
      [`lines.without_amount > 0`, "an amount is not a number"],
    ])} as reason,
    ${versions.content("source", ["id", "datetime", "customer_id", "store_id", "items"])} as payload,

    -- lineage
    SYS_DATE_CREATE,
    SYS_FILE_NAME
  from (
    select
      *,
      -- One look at the lines: typed, and what is wrong with them.
      (
        select as struct
          array_agg(struct(line.product_sku as product_sku, line.quantity as quantity, line.amount as amount) order by line.place) as items,
          countif(line.product_sku is null) as without_product,
          count(line.product_sku) as with_product,
          count(distinct line.product_sku) as products,
          countif(line.quantity is null) as without_quantity,
          countif(line.amount is null) as without_amount
        from (
          select
            ${text.given("item.product_sku")} as product_sku,
            ${text.whole("item.quantity")} as quantity,
            ${text.decimal("item.amount")} as amount,
            place
          from unnest(items) as item with offset as place
        ) as line
      ) as lines
    from ${raw}
    where ${progress.isNew}
  ) as source
)`;

// A product as one full list brought it.
const products = (raw) => `(
  select
    -- ids
    ${text.given("product_sku")} as product_sku,

    -- words
    description,
    supplier,

    -- amounts
    ${text.decimal("unit_amount")} as unit_amount,

    -- verdict
    ${text.reasons([
      [`${text.given("product_sku")} is null`, "product_sku is missing"],
      [text.not(text.decimal, "unit_amount"), "unit_amount is not a number"],
    ])} as reason,
    ${versions.content("source", ["product_sku", "description", "unit_amount", "supplier"])} as payload,

    -- lineage
    SYS_DATE_CREATE,
    SYS_FILE_NAME
  from (select * from ${raw} where ${progress.isNew}) as source
)`;

// A customer as one full list brought it.
const customers = (raw) => `(
  select
    -- ids
    ${text.whole("id")} as id,

    -- words
    name,
    email,
    phone,
    age,
    income,
    household_size,

    -- verdict
    ${text.reasons([
      [`${text.given("id")} is null`, "id is missing"],
      [text.not(text.whole, "id"), "id is not a whole number"],
    ])} as reason,
    ${versions.content("source", ["id", "name", "email", "phone", "age", "income", "household_size"])} as payload,

    -- lineage
    SYS_DATE_CREATE,
    SYS_FILE_NAME
  from (select * from ${raw} where ${progress.isNew}) as source
)`;

module.exports = { sales, products, customers };
