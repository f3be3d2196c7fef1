// Tables of ods whose rows are copied in windows, or from files: one row a key, its newest version. A row that the daily
// comparison of keys did not find at the source stays, with the facts of its newest version and `deleted_at`.

const arrivals = require("includes/arrivals");
const checkpoints = require("includes/checkpoints");
const checks = require("includes/checks");
const locks = require("includes/locks");
const names = require("includes/names");
const options = require("includes/options");
const types = require("includes/types");
const versions = require("includes/versions");

// The column of raw with the time at which the key was missing; such a row has nothing but its key.
const MARK = "SYS_DATE_DELETE";

const texts = {
  deleted_at: "When the daily comparison did not find the row at the source; NULL for a row that exists.",
  deleted_file: "Base name of the landing file that brought the deletion; NULL for a row that exists.",
};

// `source` is the raw table; `columns` are types by column (types.js); `key` is a column or an array of columns. `deletes`:
// whether the declaration compares keys. `order`: columns that order the versions before the name of their file does, for
// files of which several are read in one run.
const model = (context, declared) => {
  const table = context.self();
  const place = names.ofTable(table);
  const { source, rejects, key, columns, deletes = false, order = [] } =
    options.check(place, declared, ["source", "rejects", "key", "columns"], ["deletes", "order"]);
  options.checkColumns(place, columns, [...[].concat(key), ...order]);
  const later = context.incremental();
  const keys = [].concat(key);
  const facts = Object.keys(columns).filter((column) => !keys.includes(column));
  const content = Object.fromEntries(facts.map((fact) => [fact, columns[fact]]));
  const row = [...keys, ...facts, "SYS_DATE_CREATE", "SYS_FILE_NAME"].join(", ");
  const keyOf = (alias) =>
    keys.length > 1 ? versions.json(alias, keys) : `${alias}.${key}`;
  const sameKey = (left, right) => keys.map((one) => `${left}.${one} = ${right}.${one}`).join(" and ");
  const hasArrived = `${keyOf("stored")} in (select ${keyOf("arrived")} from typed_rows as arrived where arrived.reason is null)`;

  const begin = `
  ${arrivals.typeNewRows(context, { source, columns: deletes ? withMark(columns, keys) : columns })}
  ${later ? "" : checkpoints.noteRefreshed(context)}
  ${locks.begin(context)}

  ${arrivals.storeRejects(context, { rejects })}

  create temp table changed as
    with live as (
      select *
      from (
        select ${row} from typed_rows where reason is null ${deletes ? `and ${MARK} is null` : ""}
        ${later ? `union all select ${row} from ${table} as stored where SYS_FILE_NAME is not null and ${hasArrived}` : ""}
      ) as version
      where true
      qualify ${versions.newest(keys.join(", "), facts.length ? [versions.content("version", content)] : [], order)}
    )
    ${deletes ? `,

    gone as (
      select *
      from (
        select ${keys.join(", ")}, ${MARK} as deleted_at, SYS_DATE_CREATE, SYS_FILE_NAME
        from typed_rows where reason is null and ${MARK} is not null
        ${later ? `union all select ${keys.join(", ")}, deleted_at, SYS_DATE_CREATE, deleted_file
        from ${table} as stored where deleted_at is not null and ${hasArrived}` : ""}
      ) as version
      where true
      qualify ${versions.newest(keys.join(", "), ["deleted_at"])}
    )

    -- A deletion counts if no later file has the row. Without any valid version of the row, only its key is known.
    select
      ${keys.map((one) => `coalesce(live.${one}, gone.${one}) as ${one}`).join(", ")},
      ${facts.map((fact) => `live.${fact},`).join(" ")}
      ${["deleted_at", "SYS_FILE_NAME"]
        .map((column) => `if(live.SYS_FILE_NAME is null or gone.SYS_FILE_NAME > live.SYS_FILE_NAME, gone.${column}, null)`)
        .map((value, position) => `${value} as ${["deleted_at", "deleted_file"][position]}`)
        .join(",\n      ")},
      coalesce(live.SYS_DATE_CREATE, gone.SYS_DATE_CREATE) as SYS_DATE_CREATE,
      live.SYS_FILE_NAME
    from live
    full outer join gone on ${sameKey("live", "gone")}` : "select * from live"};

  ${later ? `delete from ${table} as stored where ${hasArrived};` : "commit transaction;"}`;

  const commit = `
  ${checks.unique(table, place, key, [], "true")}
  ${later ? "" : checks.declareKey(table, key)}
  ${later ? "" : checkpoints.noteRefreshed(context)}
  ${checkpoints.save(context)}
  ${later ? "commit transaction;" : checkpoints.readOthersAgain(context)}`;

  return { begin, rows: "changed", commit };
};

const withMark = (columns, keys) => ({
  ...Object.fromEntries(
    Object.entries(columns).map(([name, type]) =>
      [name, keys.includes(name) ? type : { ...type, unless: `source.${MARK} is not null` }],
    ),
  ),
  [MARK]: types.timestamp,
});

module.exports = { model, texts };
