// What a value of the source can be, declared once. A row with a value outside is a reject with its reason: a barcode
// typed as a quantity would otherwise overflow NUMERIC in every later run of the marts. The products and sums of values
// inside stay far below the 29 digits of NUMERIC (tests/dataform/test_bounds.py).

const between = (from, until, label = `${from} to ${until}`) => ({ from, until, label });

const quantity = between(-1000000, 1000000);

const amount = between(-100000000, 100000000);

const price = between(-1000000, 1000000);

// A mistyped year would create a partition of its own.
const time = between("timestamp '1990-01-01'", "timestamp '2099-12-31 23:59:59.999999'", "1990 to 2099");

// Clocks of shops run ahead, but not by more than a time zone.
const latestTime = {
  of: (loadedAt) => `timestamp_add(${loadedAt}, interval 1 day)`,
  label: "more than a day after it was loaded",
};

// Every day, UTC or local, that a time within the bounds can have: a local day is at most one day off.
const everyDay = (day) => `${day} between date '1989-12-31' and date '2100-01-01'`;

module.exports = { quantity, amount, price, time, latestTime, everyDay };
