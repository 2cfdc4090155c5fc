SELECT s.schema_name, t.table_name, CASE WHEN t.table_type = 'BASE TABLE' THEN 'Table' ELSE 'View' END AS kind,
  c.column_name, CASE
    WHEN c.data_type = 'TEXT' AND c.character_maximum_length >= 16777216 THEN 'VARCHAR'
    WHEN c.data_type = 'TEXT' THEN 'VARCHAR(' || c.character_maximum_length || ')'
    WHEN c.data_type = 'NUMBER' THEN 'NUMBER(' || c.numeric_precision || ',' || c.numeric_scale || ')'
    ELSE c.data_type
  END AS data_type
FROM information_schema.schemata AS s
LEFT JOIN information_schema.tables AS t ON t.table_schema = s.schema_name AND t.table_schema IN ('ENGAGEOPS', 'ENGAGE_DEFAULT')
  AND t.table_type NOT LIKE '%TEMPORARY%'
LEFT JOIN information_schema.columns AS c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
  AND c.table_schema IN ('ENGAGEOPS', 'ENGAGE_DEFAULT')
WHERE s.schema_name IN ('ENGAGEOPS', 'ENGAGE_DEFAULT')
ORDER BY s.schema_name, t.table_name, c.ordinal_position;
