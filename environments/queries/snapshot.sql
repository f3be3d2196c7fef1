-- Copy of ods.${table}, in a table that expires; docs/adr/0006 explains why it is a copy.
SELECT *
FROM ods.${table}
%{ if partition != "" ~}
WHERE ${partition} >= '0001-01-01'
%{ endif ~}
