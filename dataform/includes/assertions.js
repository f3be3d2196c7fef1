// Assertions run daily and may not scan history: they read the days of the last five weeks. Everything that a run
// writes, however old, is checked inside its own script (checks.js).

const recent = (column) =>
  `${column} >= timestamp_sub(timestamp_trunc(current_timestamp(), day), interval 35 day)`;

module.exports = { recent };
