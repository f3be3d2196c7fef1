// What the models about schools share.

// Capitals, accents, ligatures and punctuation are spelling: the city changes them from year to year.
const capitals = (text) => `upper(regexp_replace(normalize(${text}, nfkd), r'\\pM', ''))`;
const canonical = (text) =>
  `nullif(trim(regexp_replace(replace(replace(${capitals(text)}, 'Œ', 'OE'), 'Æ', 'AE'), r'[^A-Z0-9]+', ' ')), '')`;

const withoutArticle = (name) => `regexp_replace(${name}, '^(LE|LA|LES|L) ', '')`;

// Not as 'NaN', 'inf' and '0x1p3', which a cast accepts.
const degrees = (text) => `safe_cast(if(regexp_contains(${text}, r'^-?[0-9]{1,3}([.][0-9]+)?$'), ${text}, null) as float64)`;

// Metres between two points in Paris: a degree of latitude is 111 195 m, one of longitude cos(48.86°) of it. Exact to
// a thousandth over the distances that are compared, and the same in every engine.
const metres = (one, other) =>
  `sqrt(pow((${one}.latitude - ${other}.latitude) * 111195, 2) + pow((${one}.longitude - ${other}.longitude) * 73158, 2))`;

// A catalogue is of one school year, or of two: 2017/2018 - 2018/2019.
const YEARS = "([0-9]{4})[-/][0-9]{4}";
const firstYear = `safe_cast(regexp_extract(annee_scol, r'^${YEARS}(?: - [0-9]{4}/[0-9]{4})?$') as int64)`;
const lastYear = "safe_cast(substr(annee_scol, -4) as int64)";

// [condition, reason] of a row of raw that no model can use.
const REJECTIONS = [
  ["nullif(trim(libelle), '') is null", "libelle is missing"],
  [`${canonical("libelle")} is null and nullif(trim(libelle), '') is not null`, "libelle has no letter and no digit"],
  [`ifnull(${lastYear} - ${firstYear} != if(length(annee_scol) > 9, 2, 1), true)`, "annee_scol is not a school year"],
  // The newest school year decides which schools are open.
  [`not ${firstYear} between 1990 and extract(year from SYS_DATE_CREATE) + 1`, "annee_scol is before 1990 or more than a year after it was loaded"],
  ["not regexp_contains(ifnull(arr_insee, ''), r'^751(0[1-9]|1[0-9]|20)$')", "arr_insee is not an arrondissement of Paris"],
  [`${degrees("geo_point_2d.lat")} is null or ${degrees("geo_point_2d.lon")} is null`, "geo_point_2d is not a point"],
  [
    `not (${degrees("geo_point_2d.lat")} between 48 and 50 and ${degrees("geo_point_2d.lon")} between 1 and 4)`,
    "geo_point_2d is outside latitude 48 to 50 or longitude 1 to 4",
  ],
];

const isRejected = REJECTIONS.map(([condition]) => `(${condition})`).join(" or ");

const reason = `array_to_string([${REJECTIONS.map(([condition, text]) => `if(${condition}, '${text}', null)`).join(", ")}], '; ')`;

// Of schools that swap their names in a circle.
const MOST_NAMES = 10;

// The names of all files of one load begin with it.
const load = "ifnull(regexp_extract(SYS_FILE_NAME, r'^(.*_[0-9a-f]{8}-[0-9a-f]{4})-7'), SYS_FILE_NAME)";

const columns = {
  school_id: "The school: arrondissement and first known name, with the school year if another one had it. Key; it stays when the school is renamed.",
  name: "The name, in capitals without accents and punctuation.",
  address: "Number and street, written as the name; NULL when unknown.",
  arrondissement: "The arrondissement, 1 to 20.",
  latitude: "Latitude in degrees, WGS 84.",
  longitude: "Longitude in degrees, WGS 84.",
};

module.exports = { MOST_NAMES, canonical, columns, degrees, isRejected, load, metres, reason, withoutArticle };
