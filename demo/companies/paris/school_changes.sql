-- Real changes of the middle schools of Paris from one school year to the next: one row per new version of a school.
-- The raw rows of two years differ in about 350 values, because the publisher changes capitals, accents and the last
-- digits of coordinates. A canonical row keeps only what a person would call the same school at the same place.
WITH canonical AS (
  SELECT
    DENSE_RANK() OVER (ORDER BY SUBSTR(school_year, 1, 4)) AS edition,
    school_year,
    insee,
    NULLIF(TRIM(REGEXP_REPLACE(UPPER(REGEXP_REPLACE(NORMALIZE(name, NFD), r'\pM', '')), r'[^A-Z0-9]+', ' ')), '') AS name,
    NULLIF(TRIM(REGEXP_REPLACE(UPPER(REGEXP_REPLACE(NORMALIZE(address, NFD), r'\pM', '')), r'[^A-Z0-9]+', ' ')), '') AS address,
    CAST(SPLIT(point, ',')[OFFSET(0)] AS FLOAT64) AS latitude,
    CAST(SPLIT(point, ',')[OFFSET(1)] AS FLOAT64) AS longitude
  FROM raw.colleges
),
editions AS (SELECT edition, MIN(school_year) AS school_year FROM canonical GROUP BY edition),
-- The key is (name, insee): the catalogue has no number of a school.
before AS (
  SELECT old.*, new.name IS NOT NULL AS is_matched
  FROM canonical AS old
  LEFT JOIN canonical AS new ON new.edition = old.edition + 1 AND new.name = old.name AND new.insee = old.insee
  WHERE old.edition < (SELECT MAX(edition) FROM editions)
),
after AS (
  SELECT new.*, old.name IS NOT NULL AS is_matched
  FROM canonical AS new
  LEFT JOIN canonical AS old ON old.edition = new.edition - 1 AND old.name = new.name AND old.insee = new.insee
  WHERE new.edition > 1
),
pairs AS (
  -- Two schools of a district without a partner of their name are the same one, renamed, if they are at the same place
  -- or if the names differ in an article.
  SELECT
    new.edition,
    old.name AS old_name, new.name AS new_name,
    old.address AS old_address, new.address AS new_address,
    -- Metres in Paris: a degree of latitude is 111 195 m, one of longitude cos(48.86°) of it.
    SQRT(POW((new.latitude - old.latitude) * 111195, 2) + POW((new.longitude - old.longitude) * 73158, 2)) AS metres
  FROM before AS old
  JOIN after AS new
    ON new.edition = old.edition + 1 AND new.insee = old.insee AND new.is_matched = old.is_matched
    AND (
      new.name = old.name
      OR (
        NOT old.is_matched
        AND (
          SQRT(POW((new.latitude - old.latitude) * 111195, 2) + POW((new.longitude - old.longitude) * 73158, 2)) < 30
          OR REGEXP_REPLACE(new.name, '^(LE|LA|LES|L) ', '') = REGEXP_REPLACE(old.name, '^(LE|LA|LES|L) ', '')
        )
      )
    )
),
changes AS (
  SELECT edition, new_name AS name, CONCAT('renamed from ', old_name) AS change FROM pairs WHERE old_name != new_name
  UNION ALL
  SELECT edition, new_name, 'moved' FROM pairs WHERE metres >= 1
  UNION ALL
  SELECT edition, new_name, CONCAT('address ', COALESCE(new_address, 'unknown')) FROM pairs
  WHERE COALESCE(old_address, '') != COALESCE(new_address, '')
  UNION ALL
  SELECT edition + 1, name, 'closed' FROM before
  WHERE NOT is_matched AND NOT EXISTS (
    SELECT 1 FROM pairs WHERE pairs.edition = before.edition + 1 AND pairs.old_name = before.name
  )
  UNION ALL
  SELECT edition, name, 'opened' FROM after
  WHERE NOT is_matched AND NOT EXISTS (
    SELECT 1 FROM pairs WHERE pairs.edition = after.edition AND pairs.new_name = after.name
  )
)
SELECT editions.school_year, changes.name, STRING_AGG(changes.change, '; ' ORDER BY changes.change) AS changes
FROM changes JOIN editions USING (edition)
GROUP BY editions.school_year, changes.name
ORDER BY editions.school_year, changes.name
