INSERT INTO `engage_default`.`things` (`a_string`, `a_integer`, `a_json`)
SELECT `a_string`, `a_integer`, `a_json` FROM (
  SELECT `a_string`, `a_integer`, `a_json`, row_number() OVER (PARTITION BY `a_string`, `a_integer` ORDER BY `a_string`, `a_integer`) AS `__rank`
  FROM `engageops`.`stage` AS __r
) AS __s
WHERE `__rank` = 1 AND NOT EXISTS (SELECT 1 FROM `engage_default`.`things` AS __t WHERE __s.`a_string` = __t.`a_string` AND __s.`a_integer` = __t.`a_integer`);
