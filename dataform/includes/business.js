// Days and hours of the marts are those of the shops: of the time zone that workflow_settings.yaml declares. Partitions
// of ods and of dmt.sales_items are days in UTC, so that they do not depend on it.

// BigQuery would only reject an invalid zone in the run that reads a sale.
const isZone = (zone) => {
  if (/^[+-]((0?[0-9]|1[0-3])(:[0-5][0-9])?|14(:00)?)$/.test(zone)) return true;
  if (!zone || !/^[A-Za-z][A-Za-z0-9_+/-]*$/.test(zone)) return false;
  if (typeof Intl === "undefined") return true; // no list of names to compare with
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: zone }));
  } catch {
    return false;
  }
};

const ZONE = dataform.projectConfig.vars.business_time_zone;
if (!isZone(ZONE)) {
  throw new Error(
    `workflow_settings.yaml: invalid business_time_zone '${ZONE}': expected a name such as America/Chicago, or an offset such as +05:45.`,
  );
}

const dayOf = (time) => `date(${time}, '${ZONE}')`;

const hourOf = (time) => `extract(hour from ${time} at time zone '${ZONE}')`;

// SELECTs of the local days that days in UTC overlap, and the reverse; `days` is an array<date> in SQL.
const localDays = (days) =>
  `select distinct local_day
    from unnest(${days}) as utc_day,
      unnest(generate_date_array(
        ${dayOf("timestamp(utc_day)")},
        ${dayOf("timestamp_add(timestamp(utc_day), interval 86399 second)")}
      )) as local_day`;

const utcDays = (days) =>
  `select distinct utc_day
    from unnest(${days}) as local_day,
      unnest(generate_date_array(
        date(timestamp(local_day, '${ZONE}')),
        date(timestamp_sub(timestamp(date_add(local_day, interval 1 day), '${ZONE}'), interval 1 second))
      )) as utc_day`;

module.exports = { dayOf, hourOf, localDays, utcDays };
