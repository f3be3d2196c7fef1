-- ods.${table} as it is now, in a table of its own that expires; docs/adr/0006 says why it is a copy.
SELECT *
FROM ods.${table}
%{ if partition != "" ~}
WHERE ${partition} >= '0001-01-01'
%{ endif ~}
