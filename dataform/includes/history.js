// Type-2 history of a full list: one row for each list that shows another state of a key, in a table that lists.js
// fills when its model states `history`. The rows follow from the files, as all of ods: a list that arrives late takes
// its place among the others. docs/adr/0013 explains why only the beginning of a state is stored.

const names = require("includes/names");
const types = require("includes/types");
const versions = require("includes/versions");

const RUN = names.runOfFile("SYS_FILE_NAME");

// Blanks around a text, an empty text and the form of its accents are not changes.
const canonical = (columns, row) =>
  `to_json_string(struct(${Object.entries(columns)
    .map(([name, type]) => `${type.label ? `${row}.${name}` : `nullif(trim(normalize(${row}.${name}, nfc)), '')`} as ${name}`)
    .join(", ")}))`;

const declare = ["declare oldest_list string default null;"];

// After `typed_rows`, inside the transaction. `incomplete` is a SELECT of lists that lack a page: they remove no key.
const fill = ({ source, history, key, columns, incomplete }) => {
  const facts = Object.fromEntries(Object.entries(columns).filter(([column]) => column !== key));
  const all = [key, ...Object.keys(facts)].join(", ");
  const struct = (row) => `struct(${Object.keys(facts).map((fact) => `${row}.${fact} as ${fact}`).join(", ")})`;
  return `
  set oldest_list = (select min(${RUN}) from typed_rows);

  -- All rows of the lists that arrived and of later ones: those were compared with other lists before. Of a key that one
  -- list has twice, the row that the table itself chooses.
  create temp table list_rows as
  select ${all}, reason, ${RUN} as list_name
  from (
    select ${all}, reason, SYS_FILE_NAME, SYS_DATE_CREATE from typed_rows
    union all
    select ${all}, reason, SYS_FILE_NAME, SYS_DATE_CREATE
    from (
      ${types.select(columns, ["SYS_FILE_NAME", "SYS_DATE_CREATE"], `from ${source}
      where SYS_DATE_CREATE >= timestamp_sub(${names.timeOfRun("oldest_list")}, interval 1 day)
        and SYS_DATE_CREATE <= since and ${RUN} >= oldest_list`)}
    )
  ) as listed
  where true
  qualify ${versions.newest(`list_name, ${key}`, Object.keys(facts), ["reason is null"])};

  -- Lists that have expired in raw keep their rows, and those before them. A list that is newer than a load which raw still
  -- has did not expire: its rows were deleted, and it leaves the history.
  set oldest_list = (
    select min(list_name)
    from list_rows
    where list_name > ifnull((
      select max(list_name)
      from ${history}
      where list_name >= oldest_list and list_name not in (select list_name from list_rows)
        and ${names.timeOfRun("list_name")} <= (select min(SYS_DATE_CREATE) from typed_rows)
    ), '')
  );

  -- The complete list that follows each list. A table: an array of all lists can exceed the megabyte that a variable holds.
  create temp table list_order as
  select
    list_name,
    min(if(is_complete, list_name, null)) over (
      order by list_name rows between 1 following and unbounded following
    ) as next_complete
  from (
    select list_name, logical_or(is_complete) as is_complete
    from (
      select list_name, list_name not in (${incomplete}) as is_complete
      from (select distinct list_name from list_rows)
      union all
      select list_name, false as is_complete from ${history}
    )
    group by list_name
  );

  create temp table changes_found as
    -- A row that was rejected is listed, with the facts of the list before.
    with seen as (
      select row.${key}, row.list_name, if(row.reason is null, ${struct("row")}, null) as facts, true as is_listed, false as is_stored
      from list_rows as row
      where row.${key} is not null and row.list_name >= oldest_list
      union all
      select row.${key}, row.list_name, ${struct("row")} as facts, row.is_listed, true as is_stored
      from ${history} as row
      where row.list_name < oldest_list
      qualify row_number() over (partition by row.${key} order by row.list_name desc) = 1
    ),

    followed as (
      select *, lead(list_name) over (partition by ${key} order by list_name) as next_list
      from seen
    ),

    states as (
      select ${key}, list_name, facts, is_listed, is_stored from followed
      union all
      select ${key}, list_name, facts, false as is_listed, false as is_stored
      from (
        select followed.${key}, list_order.next_complete as list_name, if(followed.is_listed, null, followed.facts) as facts
        from followed
        join list_order on list_order.list_name = followed.list_name
        where followed.is_listed and list_order.next_complete < ifnull(followed.next_list, '~')
      ) as removed
    ),

    carried as (
      select
        ${key},
        list_name,
        is_listed,
        is_stored,
        last_value(facts ignore nulls) over (
          partition by ${key} order by list_name rows between unbounded preceding and current row
        ) as facts
      from states
    ),

    compared as (
      select
        *,
        lag(is_listed) over (partition by ${key} order by list_name) as was_listed,
        lag(${canonical(facts, "facts")}) over (partition by ${key} order by list_name) as facts_before
      from carried
      where facts is not null
    )

    select
      ${key},
      ${Object.keys(facts).map((fact) => `facts.${fact} as ${fact}`).join(",\n      ")},
      is_listed,
      case
        when was_listed is null then 'new'
        when not is_listed then 'removed'
        when not was_listed then 'returned'
        else 'changed'
      end as change,
      ${names.timeOfRun("list_name")} as valid_from,
      list_name
    from compared
    where not is_stored
      and (was_listed is null or was_listed != is_listed or facts_before != ${canonical(facts, "facts")});

  delete from ${history} where list_name >= oldest_list;
  insert into ${history} (${all}, is_listed, change, valid_from, list_name)
  select ${all}, is_listed, change, valid_from, list_name from changes_found;`;
};

// The view that readers use: the end of a state is the beginning of the next one.
const view = (history, key) =>
  `select
  * except (list_name),
  lead(valid_from) over (partition by ${key} order by list_name) as valid_until
from ${history}`;

module.exports = { declare, fill, view };
