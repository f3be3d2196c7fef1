// Assertions of Dataform carry no partition filter of their own and may not scan history: they look at the days of
// the last five weeks. What a run writes, however old, is checked inside its script (checks.js).

const recent = (column) =>
  `${column} >= timestamp_sub(timestamp_trunc(current_timestamp(), day), interval 35 day)`;

module.exports = { recent };
