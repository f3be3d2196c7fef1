// What a value of the source can be, declared once. A row with a value outside is a reject with its reason: a barcode
// typed as a quantity would otherwise overflow NUMERIC in every later run of the marts. The products and sums of values
// inside stay far below the 29 digits of NUMERIC (tests/dataform/test_bounds.py).

const between = (from, until, label = `${from} to ${until}`) => ({ from, until, label });

const quantity = between(-1000000, 1000000);

const amount = between(-100000000, 100000000);

const price = between(-1000000, 1000000);

const day = between("date '1990-01-01'", "date '2099-12-31'", "1990 to 2099");

// A mistyped year would create a partition of its own.
const time = between("timestamp '1990-01-01'", "timestamp '2099-12-31 23:59:59.999999'", "1990 to 2099");

// Clocks of shops run ahead, but not by more than a time zone.
const latestTime = {
  of: (loadedAt) => `timestamp_add(${loadedAt}, interval 1 day)`,
  label: "more than a day after it was loaded",
};

// Days may be planned, such as that of an invoice, but not by more than a year.
const latestDay = {
  of: (loadedAt) => `date(timestamp_add(${loadedAt}, interval 366 day))`,
  label: "more than a year after it was loaded",
};

// Every day, UTC or local, that a time within the bounds can have: a local day is at most one day off.
const everyDay = (day) => `${day} between date '1989-12-31' and date '2100-01-01'`;

// BigQuery allows 4,000 partitions in one statement. A day is one; the rest leaves room for local days.
const DAYS_PER_STATEMENT = 3000;

// Ranges of that size or less that cover all days that a time can have.
const SPANS = [1989, 1997, 2005, 2013, 2021, 2029, 2037, 2045, 2053, 2061, 2069, 2077, 2085, 2093].map(
  (year) => ({ from: `date '${year}-01-01'`, until: `date '${year + 7}-12-31'` }),
);

module.exports = { between, quantity, amount, price, day, latestDay, time, latestTime, everyDay, DAYS_PER_STATEMENT, SPANS };
