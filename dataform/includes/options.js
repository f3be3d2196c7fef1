// Options of a model or a check are plain objects, and JavaScript ignores a misspelt member: a table would silently be
// without its deletions, and a value without its limit. Errors here appear when the project is compiled.

const quoted = (names) => names.map((name) => `'${name}'`).join(", ");

// `place` names the object in an error. Returns `options`.
const check = (place, options, required, optional = []) => {
  const all = [...required, ...optional];
  const unknown = Object.keys(options).filter((name) => !all.includes(name));
  if (unknown.length) throw new Error(`${place} has no option ${quoted(unknown)}. Its options are ${quoted(all)}.`);
  const missing = required.filter((name) => options[name] === undefined);
  if (missing.length) throw new Error(`${place} needs the option ${quoted(missing)}.`);
  return options;
};

// `columns` are types by column (types.js); `used`, a column or an array, must be among them.
const checkColumns = (place, columns, used) => {
  const untyped = Object.keys(columns).filter((name) => !columns[name] || !(columns[name].parse || columns[name].lines));
  if (untyped.length) throw new Error(`${place}: ${quoted(untyped)} has no type. The types are those of includes/types.js.`);
  const absent = [].concat(used).filter((name) => !(name in columns));
  if (absent.length) throw new Error(`${place} names the column ${quoted(absent)}, which is not in 'columns'.`);
};

module.exports = { check, checkColumns };
