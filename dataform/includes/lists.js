// Which full list of an endpoint says what is listed: the newest one that came whole.

const files = require("./files");

const MEMORY = "timestamp_sub(current_timestamp(), interval 90 day)";

// Runs whose list lacks a page: one that BigQuery refused and nobody has replayed, or one that never came. A run that
// is in no log yet is taken for whole.
const broken = (runs, logged, endpoint) => `
    select ${files.run("file_name")}
    from ${logged}
    where endpoint = '${endpoint}' and logged_at >= ${MEMORY}
    group by file_name
    having countif(state = 'archived') = 0
    union all
    select ${files.run("file.file_name")}
    from ${runs} as run
    join ${logged} as file on file.run_id = run.run_id
    where run.endpoint = '${endpoint}' and run.status = 'incomplete'
      and run.started_at >= ${MEMORY} and file.logged_at >= ${MEMORY}`;

// What all names of the newest whole list begin with; names of later lists are greater. Empty when there is none.
const whole = (runs, logged, endpoint, names) => `ifnull((
    select max(${files.run("SYS_FILE_NAME")})
    from (${names})
    where ${files.run("SYS_FILE_NAME")} not in (${broken(runs, logged, endpoint)})
  ), '')`;

module.exports = { whole };
