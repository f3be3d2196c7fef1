// Which of several versions of one thing is the newest: the greatest file name; within one file, and whatever
// the order of loading, the greatest content; of the same row loaded twice the first.

const content = (row, facts) =>
  `to_json_string(struct(${facts.map((fact) => `${row}.${fact} as ${fact}`).join(", ")}))`;

// `order` are expressions that tell the rows of one file apart.
const newest = (key, order) =>
  `row_number() over (
    partition by ${key}
    order by SYS_FILE_NAME desc, ${order.map((one) => `${one} desc`).join(", ")}, SYS_DATE_CREATE
  ) = 1`;

const supersedes = (row, other, facts) =>
  `(${row}.SYS_FILE_NAME > ${other}.SYS_FILE_NAME
          or ${row}.SYS_FILE_NAME = ${other}.SYS_FILE_NAME and ${content(row, facts)} > ${content(other, facts)})`;

const differ = (row, other, facts) =>
  facts.map((fact) => `${row}.${fact} is distinct from ${other}.${fact}`).join(" or ");

module.exports = { content, newest, supersedes, differ };
