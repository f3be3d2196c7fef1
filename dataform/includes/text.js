// Text of raw as a type, NULL when it is none. Stricter than SAFE_CAST, which takes '0x1F' for a number.

const given = (text) => `nullif(trim(${text}), '')`;

const whole = (text) => `safe_cast(if(regexp_contains(${text}, r'^\\s*-?[0-9]+\\s*$'), trim(${text}), null) as int64)`;

const decimal = (text) =>
  `safe_cast(if(regexp_contains(${text}, r'^\\s*-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?\\s*$'), trim(${text}), null) as numeric)`;

const moment = (text) =>
  `safe_cast(if(regexp_contains(${text}, r'^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}'), ${text}, null) as timestamp)`;

// Present, but not of the type.
const not = (type, text) => `${given(text)} is not null and ${type(text)} is null`;

// One text out of [condition, reason] pairs: the reasons whose condition holds, NULL when none does.
const reasons = (pairs) =>
  `nullif(array_to_string([\n${pairs.map(([condition, reason]) => `      if(${condition}, '${reason}', null)`).join(",\n")}\n    ], '; '), '')`;

module.exports = { given, whole, decimal, moment, not, reasons };
