// Tables of ods that are as long as a catalogue and come as full lists. Rows that changed are replaced by key; a row
// that left the list stays, with is_listed = false.

const arrivals = require("includes/arrivals");
const checkpoints = require("includes/checkpoints");
const checks = require("includes/checks");
const history = require("includes/history");
const locks = require("includes/locks");
const names = require("includes/names");
const options = require("includes/options");
const versions = require("includes/versions");

// Runs whose list lacks a page: BigQuery refused it and it was not replayed, it was withdrawn (python -m scripts.unload),
// or the source never returned it. A run that another process finished has several rows; one success completes it. A run
// that is in no log yet is complete. Of all endpoints: a raw table may have another name than its endpoint, and no two
// runs have the same name.
const incompleteRuns = (context) => `
      select ${names.runOfFile("file_name")}
      from ${context.ref("ops", "file_log")}
      where logged_at >= ${checkpoints.LOOKBACK}
      group by file_name
      having array_agg(state order by logged_at desc limit 1)[offset(0)] != 'archived'
      union all
      select ${names.runOfFile("file.file_name")}
      from (
        select run_id
        from ${context.ref("ops", "run_log")}
        where started_at >= ${checkpoints.LOOKBACK}
        group by run_id
        having countif(status = 'incomplete') > 0 and countif(status in ('success', 'partial')) = 0
      ) as run
      join ${context.ref("ops", "file_log")} as file on file.run_id = run.run_id
      where file.logged_at >= ${checkpoints.LOOKBACK}`;

// `source` is the raw table; `columns` are types by column (types.js); a later run that changes
// one of the columns `tracked` notes in SYS_DATE_CHANGE the time of the checkpoint that it saves;
// `changes` is the table of its type-2 history, if it has one.
const model = (context, declared) => {
  const table = context.self();
  const place = names.ofTable(table);
  const { source, rejects, key, columns, tracked = [], changes } =
    options.check(place, declared, ["source", "rejects", "key", "columns"], ["tracked", "changes"]);
  options.checkColumns(place, columns, [key, ...tracked]);
  const later = context.incremental();
  const facts = Object.keys(columns).filter((column) => column !== key);
  const row = [key, ...facts, "SYS_DATE_CREATE", "SYS_FILE_NAME"].join(", ");
  const known = `
      select ${row} from typed_rows where reason is null
      ${later ? `union all select ${row} from ${table}` : ""}`;
  const changedAt = later
    ? `case
          when stored.${key} is null then null
          when ${versions.differ("listed", "stored", tracked)} then run_at
          else stored.SYS_DATE_CHANGE
        end`
    : "run_at";

  const begin = `
  ${arrivals.typeNewRows(context, { source, columns }, [
    "declare newest_list string default null;",
    "declare newest_list_day date default null;",
    "declare run_at timestamp default current_timestamp();",
    ...(changes ? history.declare : []),
  ])}
  ${later ? "" : checkpoints.noteRefreshed(context)}
  ${locks.begin(context)}

  ${arrivals.storeRejects(context, { rejects })}

  ${changes ? history.fill({ source, history: changes, key, columns, incomplete: incompleteRuns(context) }) : ""}

  -- The prefix of all file names of the newest complete list; those of later lists are greater.
  set newest_list = ifnull((
    select max(${names.runOfFile("SYS_FILE_NAME")})
    from (${known})
    where ${names.runOfFile("SYS_FILE_NAME")} not in (${incompleteRuns(context)})
  ), '');
  set newest_list_day = ${names.dayOfFile("newest_list")};

  -- New or changed rows, each with is_listed.
  create temp table changed as
    with newest as (
      select *
      from (${known})
      where true
      qualify ${versions.newest(key, facts)}
    ),

    -- A row of the newest list that was rejected is still listed, with the facts of the last valid version.
    rejected as (
      select distinct ${columns[key].parse(`json_value(reject.payload, '$.${key}')`)} as ${key}
      from ${rejects} as reject
      where reject.file_day >= newest_list_day and reject.SYS_FILE_NAME >= newest_list
    ),

    listed as (
      select newest.*, newest.SYS_FILE_NAME >= newest_list or rejected.${key} is not null as is_listed
      from newest
      left join rejected on rejected.${key} = newest.${key}
    )

    select listed.*${tracked.length ? `, ${changedAt} as SYS_DATE_CHANGE` : ""}
    from listed
    ${later ? `left join ${table} as stored on stored.${key} = listed.${key}
    where stored.${key} is null
      or ${versions.differ("listed", "stored", [...facts, "is_listed", "SYS_FILE_NAME"])}` : ""};

  ${later ? `delete from ${table} where ${key} in (select ${key} from changed);` : "commit transaction;"}`;

  const commit = `
  ${checks.unique(table, place, key, ["is_listed"], "true")}
  ${later ? "" : checks.declareKey(table, key)}
  ${later ? "" : checkpoints.noteRefreshed(context)}
  ${checkpoints.save(context, undefined, "run_at")}
  ${later ? "commit transaction;" : checkpoints.readOthersAgain(context)}`;

  return { begin, rows: "changed", commit };
};

module.exports = { incompleteRuns, model };
