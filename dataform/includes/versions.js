// Which of several versions of one thing is the newest: the greatest file name; within one file, and whatever
// the order of loading, the greatest content; of the same row loaded twice the first.

const content = (row, facts) =>
  `to_json_string(struct(${facts.map((fact) => `${row}.${fact} as ${fact}`).join(", ")}))`;

const newest = (row, key, facts) =>
  `row_number() over (
    partition by ${row}.${key}
    order by ${row}.SYS_FILE_NAME desc, ${content(row, facts)} desc, ${row}.SYS_DATE_CREATE
  ) = 1`;

const supersedes = (row, other, facts) =>
  `(${row}.SYS_FILE_NAME > ${other}.SYS_FILE_NAME
          or ${row}.SYS_FILE_NAME = ${other}.SYS_FILE_NAME and ${content(row, facts)} > ${content(other, facts)})`;

const differ = (row, other, facts) => `${content(row, facts)} != ${content(other, facts)}`;

module.exports = { content, newest, supersedes, differ };
