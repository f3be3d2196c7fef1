// What a landing file's name says: {endpoint}_{YYYYMMDD_HHmm}_{uuid}.json, see docs/adr/0001.

// What all names of a run begin with: they differ in the last twenty digits of the uuid. The greatest name has the
// newest run's.
const run = (name) => `regexp_replace(${name}, r'-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\.json$', '')`;

const day = (name) =>
  `ifnull(safe.parse_date('%Y%m%d', regexp_extract(${name}, r'_([0-9]{8})_[0-9]{4}_')), date '1970-01-01')`;

module.exports = { run, day };
