// Columns that several tables have, described once.

const lineage = {
  SYS_DATE_CREATE: "When the version of the row that won was loaded into raw, by the warehouse's clock; the first time, if its file was loaded again.",
  SYS_FILE_NAME: "Base name of the landing file that brought the version of the row that won. The greatest name is the newest version.",
};

const reject = {
  file_day: "Day on which the run began that wrote the file, read off the file's name; 1970-01-01 when the name says none.",
  reason: "Why the row cannot be typed, every reason, separated by '; '.",
  payload: "The row as raw holds it, JSON text, without the SYS columns.",
  SYS_DATE_CREATE: "When the row was loaded into raw, by the warehouse's clock; the first time, if its file was loaded again.",
  SYS_FILE_NAME: "Base name of the landing file that brought the row.",
};

const is_listed = "True while the newest full list of the source that came whole names it, or one since; what left the list stays, false.";

module.exports = { lineage, reject, is_listed };
